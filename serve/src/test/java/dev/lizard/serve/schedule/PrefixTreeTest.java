package dev.lizard.serve.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.generate.Session;
import dev.lizard.generate.Snapshot;
import dev.lizard.serve.ByteModel;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class PrefixTreeTest {
    private static ByteModel model;
    private static Session session;

    @BeforeAll
    static void open() {
        model = new ByteModel(true);
        session = new Session(model.decoder);
        session.prefill(new int[] {1});
    }

    @AfterAll
    static void close() {
        session.close();
        model.close();
    }

    private static int[] ids(RandomStream random) {
        int[] ids = new int[1 + random.nextInt(12)];
        Arrays.setAll(ids, i -> random.nextInt(2)); // so that many agree
        return ids;
    }

    private static int depth(PrefixTree.@Nullable Node node) {
        return node == null ? 0 : node.depth();
    }

    @Test
    void theLongestKnownBeginningIsFoundAsByLookingAtAll() {
        RandomStream random = new RandomStream(7);
        Map<String, Integer> kept = new HashMap<>(); // with how many of the likeliest
        try (PrefixTree tree = new PrefixTree(Long.MAX_VALUE, (ids, snapshot) -> {})) {
            for (int i = 0; i < 600; i++) {
                int[] ids = ids(random);
                int top = random.nextInt(3) - 1;
                switch (random.nextInt(3)) {
                    case 0 -> assertThat(tree.add(ids).depth()).isEqualTo(ids.length);
                    case 1 -> {
                        int depth = 1 + random.nextInt(ids.length);
                        tree.keep(ids, depth, session.snapshot(), List.of(), top);
                        kept.put(Arrays.toString(Arrays.copyOf(ids, depth)), top);
                    }
                    default -> {
                        int longest = 0;
                        for (int depth = 1; depth <= ids.length; depth++) {
                            Integer has = kept.get(Arrays.toString(Arrays.copyOf(ids, depth)));
                            longest = has != null && (top < 0 || has >= top) ? depth : longest;
                        }
                        assertThat(depth(tree.longest(ids, top)))
                                .as("step %d", i)
                                .isEqualTo(longest);
                    }
                }
            }
            assertThat(tree.kept()).isEqualTo(kept.size());
        }
    }

    @Test
    void whereSequencesPartIsKnown() {
        try (PrefixTree tree = new PrefixTree(Long.MAX_VALUE, (ids, snapshot) -> {})) {
            tree.add(new int[] {1, 2, 3, 4, 5});
            assertThat(tree.shared(new int[] {1, 2, 3, 4, 5})).isNull();
            tree.add(new int[] {1, 2, 3, 6});
            assertThat(depth(tree.shared(new int[] {1, 2, 3, 4, 5}))).isEqualTo(3);
            tree.add(new int[] {1, 7});
            assertThat(depth(tree.shared(new int[] {1, 2, 3, 6}))).isEqualTo(3);
            assertThat(depth(tree.shared(new int[] {1, 7}))).isEqualTo(1);
            assertThat(tree.shared(new int[] {2})).isNull();
        }
    }

    @Test
    void whatWasNotUsedLongestGoesFirstAndNothingIsLeftBehind() {
        long one;
        try (Snapshot place = session.snapshot()) {
            one = place.bytes();
        }
        RandomStream random = new RandomStream(9);
        try (PrefixTree tree = new PrefixTree(10 * one, (ids, snapshot) -> {})) {
            int[] used = {9, 9, 9};
            tree.keep(used, 3, session.snapshot(), List.of(), Work.NO_SCORES);
            for (int i = 0; i < 300; i++) {
                int[] ids = ids(random);
                tree.keep(ids, ids.length, session.snapshot(), List.of(), Work.NO_SCORES);
                assertThat(tree.bytes()).isLessThanOrEqualTo(10 * one);
                assertThat(depth(tree.longest(used, Work.NO_SCORES))).isEqualTo(3);
            }
            assertThat(tree.kept()).isBetween(5, 9);
        }
        try (PrefixTree none = new PrefixTree(0, (ids, snapshot) -> {})) {
            none.keep(new int[] {1, 2}, 2, session.snapshot(), List.of(), Work.NO_SCORES);
            none.add(new int[] {1, 2, 3});
            assertThat(none.kept()).isZero();
            assertThat(none.bytes()).isZero();
        }
    }
}
