package dev.lizard.text.pattern;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * The characters, gathered by which of an automaton's sets they are in: what has the same answers everywhere is one
 * atom, and sets of atoms tell exactly which sets meet.
 */
final class CharAtoms {
    private final BitSet[] atoms;

    CharAtoms(Positions positions, int[] representatives) {
        Map<CharSet, Integer> distinct = new HashMap<>();
        for (int p = 0; p < positions.count(); p++) {
            distinct.putIfAbsent(positions.set(p), distinct.size());
        }
        CharSet[] sets = new CharSet[distinct.size()];
        distinct.forEach((set, i) -> sets[i] = set);
        Map<BitSet, Integer> found = new HashMap<>();
        BitSet answers = new BitSet(sets.length);
        for (int c : representatives) {
            for (int i = 0; i < sets.length; i++) {
                answers.set(i, sets[i].has(c));
            }
            if (!found.containsKey(answers)) {
                found.put((BitSet) answers.clone(), found.size());
            }
        }
        atoms = new BitSet[positions.count()];
        for (int p = 0; p < atoms.length; p++) {
            int set = distinct.getOrDefault(positions.set(p), 0); // each is there
            BitSet mine = new BitSet();
            found.forEach((answer, atom) -> mine.set(atom, answer.get(set)));
            atoms[p] = mine;
        }
    }

    /** Whether some character is in the sets of both. */
    boolean common(int p, int q) {
        return atoms[p].intersects(atoms[q]);
    }

    boolean common(int p, int q, int r) {
        BitSet all = (BitSet) atoms[p].clone();
        all.and(atoms[q]);
        return all.intersects(atoms[r]);
    }

    /** The atoms of {@code p}'s set, as one's own. */
    BitSet of(int p) {
        return (BitSet) atoms[p].clone();
    }

    BitSet of(BitSet places) {
        BitSet all = new BitSet();
        places.stream().forEach(p -> all.or(atoms[p]));
        return all;
    }

    /** Whether every character of the others is one of {@code p}. */
    boolean covers(int p, BitSet others) {
        BitSet left = of(others);
        left.andNot(atoms[p]);
        return left.isEmpty();
    }
}
