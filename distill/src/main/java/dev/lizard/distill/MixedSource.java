package dev.lizard.distill;

import dev.lizard.tensor.RandomStream;
import dev.lizard.text.Batch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Several sources in given shares. Indices are dealt in blocks of 1,000; in each block every source has its exact
 * share, in an order that seed and block give. So the place of any index within its source is known without counting
 * from the start, and no source's sequence is skipped.
 */
public final class MixedSource implements SequenceSource {
    private static final int BLOCK = 1000;

    /** One source and its weight, relative to the others'. */
    public record Part(SequenceSource source, double weight) {}

    private final List<Part> parts;
    private final int[] shares;
    private final long seed;
    private long dealtBlock = -1;
    /** Of each slot of the dealt block: which part, and which of that part's sequences of the block. */
    private int[] partOf = {};

    private int[] placeOf = {};

    /**
     * @param parts sources of equal length with positive weights
     * @param seed gives the order
     * @throws IllegalArgumentException if there is none, lengths differ or a weight is not positive
     */
    public MixedSource(List<Part> parts, long seed) {
        this.parts = List.copyOf(parts);
        this.seed = seed;
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("a mix of no sources");
        }
        for (Part part : parts) {
            if (part.source().length() != parts.getFirst().source().length() || !(part.weight() > 0)) {
                throw new IllegalArgumentException("sources of a mix need equal lengths and positive weights");
            }
        }
        shares = shares();
    }

    /** Slots of each part in a block, by largest remainder, at least one. */
    private int[] shares() {
        double sum = parts.stream().mapToDouble(Part::weight).sum();
        int[] slots = new int[parts.size()];
        double[] rest = new double[slots.length];
        int given = 0;
        for (int i = 0; i < slots.length; i++) {
            double exact = BLOCK * parts.get(i).weight() / sum;
            slots[i] = Math.max(1, (int) exact);
            rest[i] = exact - slots[i];
            given += slots[i];
        }
        while (given != BLOCK) {
            int step = given < BLOCK ? 1 : -1;
            int best = -1;
            for (int i = 0; i < slots.length; i++) {
                boolean allowed = step > 0 || slots[i] > 1;
                if (allowed && (best < 0 || step * rest[i] > step * rest[best])) {
                    best = i;
                }
            }
            slots[best] += step;
            rest[best] -= step;
            given += step;
        }
        return slots;
    }

    @Override
    public int length() {
        return parts.getFirst().source().length();
    }

    @Override
    public Batch sequence(long index) {
        long block = index / BLOCK;
        deal(block);
        int slot = (int) (index % BLOCK);
        int part = partOf[slot];
        return parts.get(part).source().sequence(block * shares[part] + placeOf[slot]);
    }

    @Override
    public String fingerprint() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < shares.length; i++) {
            names.add(shares[i] + " of " + parts.get(i).source().fingerprint());
        }
        return "mix " + seed + " " + names;
    }

    private void deal(long block) {
        if (block == dealtBlock) {
            return;
        }
        int[] order = new int[BLOCK];
        int slot = 0;
        for (int part = 0; part < shares.length; part++) {
            Arrays.fill(order, slot, slot + shares[part], part);
            slot += shares[part];
        }
        RandomStream random = RandomStream.named(seed, "mix/" + block);
        for (int i = BLOCK - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int other = order[i];
            order[i] = order[j];
            order[j] = other;
        }
        int[] counts = new int[shares.length];
        int[] places = new int[BLOCK];
        for (int i = 0; i < BLOCK; i++) {
            places[i] = counts[order[i]]++;
        }
        partOf = order;
        placeOf = places;
        dealtBlock = block;
    }
}
