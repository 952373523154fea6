package dev.lizard.mixer;

/** What a token is worth by the rules of {@link SlotRule}, in plain loops. */
final class RuleTwin {
    private RuleTwin() {}

    /** Of token {@code t} with all keys [T][d] of head {@code g}. */
    static double score(LizardSpec spec, int g, double[][] keys, int t) {
        return switch (spec.exact().rule()) {
            case LEARNED -> throw new IllegalStateException("a learned score");
            case KNORM -> -Math.rint(1024 * Math.sqrt(Plain.dot(keys[t], keys[t]))) / 1024;
            case KEYDIFF -> -cosine(keys, t);
            case RANDOM -> random(g, t);
        };
    }

    private static double cosine(double[][] keys, int t) {
        double[] sum = new double[keys[t].length];
        for (int j = 0; j <= t; j++) {
            sum = Plain.plus(sum, 1 / Math.sqrt(Plain.dot(keys[j], keys[j])), keys[j]);
        }
        return Plain.dot(keys[t], sum) / Math.sqrt(Plain.dot(keys[t], keys[t]) * Plain.dot(sum, sum));
    }

    private static double random(long g, long t) {
        long prime = 2_147_483_647;
        long mixed = (t * 48_271 + g * 69_621_017 + 12_345) % prime;
        for (long more : new long[] {1_234_567, 89_482_311, 7_654_321}) {
            mixed = (mixed * mixed + more) % prime;
        }
        return mixed / (double) prime;
    }
}
