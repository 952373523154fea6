package dev.lizard.serve;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prometheus's text format, version 0.0.4, read strictly: each family once, its help and type before its samples, no
 * series twice, histograms that add up, a newline at the very end.
 *
 * @param families by name, in order
 */
record Exposition(Map<String, Family> families) {
    private static final Set<String> TYPES = Set.of("counter", "gauge", "histogram");
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
    private static final Pattern HEAD = Pattern.compile("# (HELP|TYPE) (" + NAME + ") (.+)");
    private static final Pattern SAMPLE = Pattern.compile("(" + NAME + ")(\\{(.*)})? (\\S+)");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"(,|$)");
    private static final Pattern NUMBER = Pattern.compile("[-+]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][-+]?\\d+)?|[-+]?Inf|NaN");

    /** What is measured; {@code samples} by their whole names and labels. */
    record Family(String help, String type, Map<Series, Double> samples) {}

    /** One line of it. */
    record Series(String name, Map<String, String> labels) {
        Series without(String label) {
            Map<String, String> fewer = new HashMap<>(labels);
            fewer.remove(label);
            return new Series("", fewer);
        }
    }

    /** @throws IllegalArgumentException naming the line that is not as it must be */
    static Exposition parse(String text) {
        require(text.endsWith("\n") && !text.endsWith("\n\n"), "the end: one newline expected");
        require(text.indexOf('\r') < 0, "a carriage return");
        Map<String, Family> families = new LinkedHashMap<>();
        String name = "";
        String help = "";
        for (String line : text.substring(0, text.length() - 1).split("\n", -1)) {
            Matcher head = HEAD.matcher(line);
            if (!head.matches()) {
                Family family = families.get(name);
                require(family != null, line + ": a sample of no family");
                add(line, name, family);
            } else if (head.group(1).equals("HELP")) {
                require(help.isEmpty(), line + ": a help without a type before it");
                name = head.group(2);
                help = head.group(3);
                require(!help.replaceAll("\\\\[\\\\n]", "").contains("\\"), line + ": a backslash that is not escaped");
            } else {
                require(head.group(2).equals(name) && !help.isEmpty(), line + ": a type without its help before it");
                require(TYPES.contains(head.group(3)), line + ": an unknown type");
                Family before = families.put(name, new Family(help, head.group(3), new LinkedHashMap<>()));
                require(before == null, line + ": a family for the second time");
                help = "";
            }
        }
        families.forEach((of, family) -> {
            require(!family.samples.isEmpty(), of + ": a family without samples");
            if (family.type.equals("histogram")) {
                addUp(of, family.samples);
            }
        });
        return new Exposition(families);
    }

    private static void add(String line, String name, Family family) {
        Matcher sample = SAMPLE.matcher(line);
        require(sample.matches(), line + ": not a sample");
        String own = sample.group(1);
        boolean fits = family.type.equals("histogram")
                ? own.matches(Pattern.quote(name) + "_(bucket|sum|count)")
                : own.equals(name);
        require(fits, line + ": a sample in family " + name);
        require(!family.type.equals("counter") || name.endsWith("_total"), line + ": a counter is called _total");
        require(NUMBER.matcher(sample.group(4)).matches(), line + ": not a number");
        double value = Double.parseDouble(sample.group(4).replace("Inf", "Infinity"));
        require(family.type.equals("gauge") || value >= 0, line + ": a count below 0");
        Map<String, String> labels = labels(sample.group(3), line);
        require(own.endsWith("_bucket") == labels.containsKey("le"), line + ": le is of buckets");
        require(family.samples.put(new Series(own, labels), value) == null, line + ": a series for the second time");
    }

    private static Map<String, String> labels(String text, String line) {
        Map<String, String> labels = new LinkedHashMap<>();
        int at = 0;
        Matcher label = LABEL.matcher(text == null ? "" : text);
        while (text != null && at < text.length()) {
            require(label.find(at) && label.start() == at, line + ": a bad label");
            String value = label.group(2)
                    .replace("\\\\", "\0")
                    .replace("\\\"", "\"")
                    .replace("\\n", "\n")
                    .replace('\0', '\\');
            require(labels.put(label.group(1), value) == null, line + ": a label twice");
            at = label.end();
        }
        return labels;
    }

    /** Buckets ascend, the last is infinite and has as many as there are. */
    private static void addUp(String name, Map<Series, Double> samples) {
        Map<Series, List<double[]>> buckets = new LinkedHashMap<>();
        samples.forEach((series, value) -> {
            List<double[]> all = buckets.computeIfAbsent(series.without("le"), _ -> new ArrayList<>());
            String bound = series.labels.get("le");
            if (bound != null) {
                all.add(new double[] {Double.parseDouble(bound.replace("Inf", "Infinity")), value});
            }
        });
        buckets.forEach((of, all) -> {
            for (int i = 1; i < all.size(); i++) {
                double[] before = all.get(i - 1);
                require(all.get(i)[0] > before[0] && all.get(i)[1] >= before[1], name + ": buckets out of order");
            }
            require(!all.isEmpty() && all.getLast()[0] == Double.POSITIVE_INFINITY, name + ": no infinite bucket");
            Double count = samples.get(new Series(name + "_count", of.labels));
            require(count != null && count == all.getLast()[1], name + ": the count is not that of the last bucket");
            require(samples.containsKey(new Series(name + "_sum", of.labels)), name + ": no sum");
        });
    }

    private static void require(boolean right, String what) {
        if (!right) {
            throw new IllegalArgumentException(what);
        }
    }
}
