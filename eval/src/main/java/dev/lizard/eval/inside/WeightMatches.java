package dev.lizard.eval.inside;

import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.metric.Ratio;
import dev.lizard.eval.result.WeightMatch;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.Positions;
import dev.lizard.model.Decoder;
import dev.lizard.model.MixerObserver;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What Hedgehog asks of a feature map, measured of any mixer whose weights are shares. With p and a a row of the teacher's
 * and of the student's mixing matrix, on the teacher's own inputs:
 *
 * <pre>
 *   KL = Σ_j p_j log(p_j / a_j)      entropy = − Σ_j a_j log a_j      rank = Spearman(p, a)
 * </pre>
 *
 * <p>Means over all rows but the first, which has one entry; of ranks over those of {@value #RANKED} tokens or more. The
 * teacher's weights have the order of its q·k. Probabilities below {@value #TINY} count as that.
 */
final class WeightMatches {
    private static final double TINY = 1e-12;
    private static final int RANKED = 8;

    /** How far a sum of shares may be from 1, in bfloat16 too. */
    private static final double ROUNDING = 0.02;

    /** Of one layer and window; see {@link WeightMatch}. */
    private record Match(double kl, double teacher, double student, double rank) {}

    private final Decoder teacher;
    private final Decoder student;
    private final int windows;
    private final List<List<Match>> found =
            new ArrayList<>(); // of layers, a window each but where weights are no shares

    private WeightMatches(Decoder teacher, Decoder student, int windows) {
        this.teacher = teacher;
        this.student = student;
        this.windows = windows;
        for (int layer = 0; layer < student.layers(); layer++) {
            found.add(new ArrayList<>());
        }
    }

    /** A row for all layers together and one for each, of those whose weights are shares; none where no layer's are. */
    static List<WeightMatch> measure(Decoder teacher, Decoder student, String name, EvalText text) {
        WeightMatches matches =
                new WeightMatches(teacher, student, text.windows().size());
        for (int window = 0; window < matches.windows; window++) {
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off();
                    Positions at = student.positions(null)) {
                Tensor ids = text.inputs(window, 1, teacher.device());
                teacher.hidden(ids, Form.CHUNK, matches.new Comparing(at, work));
            }
        }
        return matches.rows(name);
    }

    /** Keeps the student's matrix of a layer until the teacher's is there. */
    private final class Comparing implements MixerObserver {
        private final Positions at;
        private final Scope work;
        private @Nullable Tensor mine;

        Comparing(Positions at, Scope work) {
            this.at = at;
            this.work = work;
        }

        @Override
        public void hidden(int depth, Tensor x) {
            if (depth < student.layers() && mixes(depth)) {
                try (Scope layer = Scope.open()) {
                    student.block(depth, x, at, Form.CHUNK, (number, in, heads) -> {
                        mine = work.adopt(matrix(student, number, in).detach());
                    });
                }
            }
        }

        @Override
        public void observe(int layer, MixerInput in, Tensor heads) {
            if (!mixes(layer)) {
                return;
            }
            if (mine == null) {
                throw new IllegalStateException("the student has not read what came before layer " + layer);
            }
            try (Scope one = Scope.open()) {
                compare(matrix(teacher, layer, in), mine, found.get(layer));
            }
            mine.close();
        }
    }

    private boolean mixes(int layer) {
        return student.mixer(layer).spec().mixes()
                && teacher.mixer(layer).spec().mixes();
    }

    private static Tensor matrix(Decoder model, int layer, MixerInput in) {
        try (Scope work = Scope.open()) {
            return work.promote(model.mixer(layer)
                    .materialize(in)
                    .select(0, 0)
                    .to(DType.FLOAT32)
                    .contiguous()); // [H, T, T]
        }
    }

    /** Both [H, T, T]. */
    private static void compare(Tensor theirs, Tensor mine, List<Match> matches) {
        double worst = mine.sum(-1, false).sub(1).abs().amax().item();
        if (!(worst <= ROUNDING && mine.neg().amax().item() <= ROUNDING)) { // also where they are no numbers
            return;
        }
        int heads = Math.toIntExact(mine.size(0));
        int tokens = Math.toIntExact(mine.size(1));
        double rows = (double) heads * (tokens - 1);
        Tensor p = theirs.narrow(1, 1, tokens - 1L);
        Tensor a = mine.narrow(1, 1, tokens - 1L);
        Tensor logP = p.clampMin(TINY).log();
        Tensor logA = a.clampMin(TINY).log();
        matches.add(new Match(
                p.mul(logP.sub(logA)).sum().item() / rows,
                -p.mul(logP).sum().item() / rows,
                -a.mul(logA).sum().item() / rows,
                ranks(theirs.floats(), mine.floats(), heads, tokens)));
    }

    private static double ranks(float[] theirs, float[] mine, int heads, int tokens) {
        double sum = 0;
        int rows = 0;
        for (int head = 0; head < heads; head++) {
            for (int t = Math.min(RANKED, tokens) - 1; t < tokens; t++) {
                int from = (head * tokens + t) * tokens;
                sum += Ranks.correlation(row(theirs, from, t + 1), row(mine, from, t + 1));
                rows++;
            }
        }
        return sum / rows;
    }

    private static double[] row(float[] matrix, int from, int length) {
        double[] row = new double[length];
        for (int i = 0; i < length; i++) {
            row[i] = matrix[from + i];
        }
        return row;
    }

    private List<WeightMatch> rows(String name) {
        List<WeightMatch> rows = new ArrayList<>();
        List<List<Match>> whole = new ArrayList<>();
        for (int layer = 0; layer < found.size(); layer++) {
            List<Match> matches = found.get(layer);
            if (matches.size() == windows) {
                whole.add(matches);
                rows.add(row(name, layer, matches));
            }
        }
        if (!whole.isEmpty()) {
            List<Match> means = IntStream.range(0, windows)
                    .mapToObj(window -> mean(
                            whole.stream().map(matches -> matches.get(window)).toList()))
                    .toList();
            rows.addFirst(row(name, null, means));
        }
        return rows;
    }

    private static Match mean(List<Match> matches) {
        return new Match(
                of(matches, Match::kl).value(),
                of(matches, Match::teacher).value(),
                of(matches, Match::student).value(),
                of(matches, Match::rank).value());
    }

    private static Ratio of(List<Match> matches, ToDoubleFunction<Match> figure) {
        return Ratio.ofMean(matches.stream().mapToDouble(figure).toArray());
    }

    private WeightMatch row(String name, @Nullable Integer layer, List<Match> matches) {
        Ratio kl = of(matches, Match::kl);
        Match mean = mean(matches);
        return new WeightMatch(
                name, layer, kl.value(), kl.stderr(), mean.teacher(), mean.student(), mean.rank(), windows);
    }
}
