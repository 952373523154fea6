package dev.lizard.eval.run;

import dev.lizard.base.LizardException;
import dev.lizard.eval.run.Question.Wanted;
import dev.lizard.eval.task.Answer;
import dev.lizard.eval.task.Answer.Likelihood;
import dev.lizard.model.DecoderState;
import dev.lizard.model.LanguageModel;
import dev.lizard.model.TokenLikelihoods;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** Reads batches of questions: beginnings once, then what differs with copies of their states. */
final class LikelihoodReader {
    private final LanguageModel model;
    private final ReadingCost cost;

    LikelihoodReader(LanguageModel model, ReadingCost cost) {
        this.model = model;
        this.cost = cost;
    }

    /** One row of the last phase and what is asked of it, by place. */
    @SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
    private record Row(int question, int[] ids, TreeMap<Integer, List<Wanted>> wanted) {}

    /** Sums of one candidate. */
    private static final class Sum {
        private double logLikelihood;
        private int tokens;
        private int correct;
    }

    /** The state after the tokens that a group shares; one row. The caller closes it. */
    DecoderState prefix(PrefixGroup group) {
        DecoderState state = model.newState(1);
        read(List.of(group.questions().getFirst().rows().getFirst()), 0, group.prefix(), state);
        return state;
    }

    /**
     * Answers a batch.
     *
     * @param start state after the batch's prefix, one row
     * @param answered hears of each question's answer
     * @throws LizardException FAILED where a likelihood is not finite
     */
    void read(Batch batch, DecoderState start, BiConsumer<Question, Answer.Likelihoods> answered) {
        List<Question> questions = batch.questions();
        List<Row> rows = new ArrayList<>();
        List<Sum[]> sums = new ArrayList<>();
        for (int q = 0; q < questions.size(); q++) {
            Question question = questions.get(q);
            List<TreeMap<Integer, List<Wanted>>> wanted = new ArrayList<>();
            for (int[] ids : question.rows()) {
                wanted.add(new TreeMap<>());
                rows.add(new Row(q, ids, wanted.getLast()));
            }
            question.wanted()
                    .forEach(one -> wanted.get(one.row())
                            .computeIfAbsent(one.at(), at -> new ArrayList<>())
                            .add(one));
            Sum[] each = new Sum[question.candidates()];
            Arrays.setAll(each, i -> new Sum());
            sums.add(each);
        }
        try (DecoderState once = start.take(new int[questions.size()])) {
            read(questions.stream().map(q -> q.rows().getFirst()).toList(), batch.prefix(), batch.shared(), once);
            if (rows.size() == questions.size()) {
                ask(rows, batch, once, sums);
            } else {
                try (DecoderState apart =
                        once.take(rows.stream().mapToInt(Row::question).toArray())) {
                    ask(rows, batch, apart, sums);
                }
            }
        }
        for (int q = 0; q < questions.size(); q++) {
            answered.accept(questions.get(q), answer(sums.get(q)));
        }
    }

    private static Answer.Likelihoods answer(Sum[] sums) {
        List<Likelihood> all = new ArrayList<>();
        for (Sum sum : sums) {
            if (!Double.isFinite(sum.logLikelihood)) {
                throw LizardException.failed(
                        "the likelihood of a continuation is %s: expected a finite number; check the"
                                        .formatted(sum.logLikelihood)
                                + " model, or try --dtype float32");
            }
            all.add(new Likelihood(sum.logLikelihood, sum.tokens, sum.correct));
        }
        return new Answer.Likelihoods(all);
    }

    /** Reads tokens {@code from} to {@code to} of rows, all of which have them. */
    private void read(List<int[]> rows, int from, int to, DecoderState state) {
        int piece = Math.max(1, cost.piece() / rows.size());
        for (int at = from; at < to; at += piece) {
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                Tensor _ = model.advance(ids(rows, at, Math.min(piece, to - at)), state);
            }
        }
    }

    private void ask(List<Row> rows, Batch batch, DecoderState state, List<Sum[]> sums) {
        List<int[]> ids = rows.stream().map(Row::ids).toList();
        int piece = Math.max(1, cost.piece() / rows.size());
        for (int at = batch.shared(); at < batch.longest(); at += piece) {
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                int length = Math.min(piece, batch.longest() - at);
                Tensor hidden = model.advance(ids(ids, at, length), state); // [R, T, D]
                ask(rows, at, length, hidden, sums);
            }
        }
    }

    /** What is wanted of the hidden states [R, T, D] of the places from {@code at} on. */
    private void ask(List<Row> rows, int at, int length, Tensor hidden, List<Sum[]> sums) {
        List<Long> places = new ArrayList<>();
        List<Integer> questions = new ArrayList<>();
        List<List<Wanted>> wanted = new ArrayList<>();
        for (int r = 0; r < rows.size(); r++) {
            int row = r;
            rows.get(r).wanted().subMap(at, at + length).forEach((place, all) -> {
                places.add((long) row * length + place - at);
                questions.add(rows.get(row).question());
                wanted.add(all);
            });
        }
        if (places.isEmpty()) {
            return;
        }
        int most = wanted.stream().mapToInt(List::size).max().orElse(1);
        long[] targets = new long[places.size() * most];
        for (int i = 0; i < wanted.size(); i++) {
            for (int k = 0; k < most; k++) {
                targets[i * most + k] =
                        wanted.get(i).get(Math.min(k, wanted.get(i).size() - 1)).target();
            }
        }
        Tensor index =
                onDevice(Tensors.of(places.stream().mapToLong(Long::longValue).toArray(), places.size()));
        Tensor goals = onDevice(Tensors.of(targets, places.size(), most)); // [N, K]
        Tensor asked = hidden.reshape(-1, hidden.size(2)).indexSelect(0, index); // [N, D]
        TokenLikelihoods.read(model, asked.view(1, places.size(), hidden.size(2)), (first, logs) -> { // [n, V]
            float[] values =
                    logs.gather(1, goals.narrow(0, first, logs.size(0))).floats(); // [n, K]
            long[] best = logs.argmax(1).longs(); // [n]
            for (int i = 0; i < best.length; i++) {
                List<Wanted> here = wanted.get((int) first + i);
                for (int k = 0; k < here.size(); k++) {
                    Sum sum =
                            sums.get(questions.get((int) first + i))[here.get(k).candidate()];
                    sum.logLikelihood += values[i * most + k];
                    sum.tokens++;
                    sum.correct += best[i] == here.get(k).target() ? 1 : 0;
                }
            }
        });
    }

    /** Ids {@code from} to {@code from + length} of each row, 0 beyond its end: int64 [R, T]. */
    private Tensor ids(List<int[]> rows, int from, int length) {
        int[] ids = new int[rows.size() * length];
        for (int r = 0; r < rows.size(); r++) {
            int there = Math.min(length, rows.get(r).length - from);
            if (there > 0) {
                System.arraycopy(rows.get(r), from, ids, r * length, there);
            }
        }
        return onDevice(Tensors.of(ids, rows.size(), length));
    }

    private Tensor onDevice(Tensor host) {
        return model.device().isCuda() ? host.to(model.device()) : host;
    }
}
