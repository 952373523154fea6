package dev.lizard.distill;

import dev.lizard.tensor.RandomStream;
import dev.lizard.text.Batch;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.synthetic.Fact;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Sequences of another source, into some of which {@linkplain Fact facts} are put: each is stated at one place and asked
 * for at a later one, both lines of their own, at any distance. What such a sequence had too much is left out at its end.
 *
 * @param source whose tokens all count, of documents that see each other
 * @param share of the sequences that get facts
 * @param seed of which, where and what
 */
record FactSource(SequenceSource source, Tokenizer tokenizer, double share, long seed) implements SequenceSource {
    private static final int MOST_FACTS = 6;

    @SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
    private record Line(int place, int[] ids) {}

    @Override
    public int length() {
        return source.length();
    }

    @Override
    public Batch sequence(long index) {
        RandomStream random = RandomStream.named(seed, "facts/" + index);
        Batch plain = source.sequence(index);
        return random.nextDouble() < share ? with(lines(random), plain) : plain;
    }

    /** At most half of a sequence, in order of their places. */
    private List<Line> lines(RandomStream random) {
        List<Line> lines = new ArrayList<>();
        int facts = 1 + random.nextInt(MOST_FACTS);
        int room = (length() + 1) / 2;
        for (int i = 0; i < facts; i++) {
            Fact fact = Fact.invented(random);
            int[] stated = tokenizer.encode("\n" + fact.stated() + "\n", false);
            int[] asked = tokenizer.encode("\n" + fact.asked() + "\n", false);
            room -= stated.length + asked.length;
            if (room < 0) {
                break;
            }
            int place = random.nextInt(length() + 1);
            lines.add(new Line(place, stated));
            lines.add(new Line(place + random.nextInt(length() + 1 - place), asked));
        }
        int taken = lines.stream().mapToInt(line -> line.ids.length).sum();
        double shrunk = (length() + 1.0 - taken) / (length() + 1); // so that all fit
        return lines.stream()
                .map(line -> new Line((int) (line.place * shrunk), line.ids))
                .sorted(Comparator.comparingInt(Line::place))
                .toList();
    }

    private Batch with(List<Line> lines, Batch plain) {
        int length = length();
        long[] ids = new long[length + 1];
        int read = 0;
        int written = 0;
        for (Line line : lines) {
            for (; read < line.place; read++) {
                ids[written++] = plain.inputs()[read];
            }
            for (int id : line.ids) {
                ids[written++] = id;
            }
        }
        for (; written <= length; written++) {
            ids[written] = plain.inputs()[read++];
        }
        long[] inputs = new long[length];
        long[] targets = new long[length];
        System.arraycopy(ids, 0, inputs, 0, length);
        System.arraycopy(ids, 1, targets, 0, length);
        return new Batch(1, length, inputs, targets);
    }

    @Override
    public String fingerprint() {
        return "%s, facts in %s of them, seed %d".formatted(source.fingerprint(), share, seed);
    }
}
