package dev.lizard.text;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * SentencePiece's BPE keeps a score for each piece and merges the neighbours whose joint piece scores highest; merge
 * lists say the same thing as ranks. Every way to cut a piece into two others becomes a merge, the highest score first.
 */
final class SentencePieceMerges {
    private record Ranked(TokenizerJson.Merge merge, double score, int left, int right) {}

    private SentencePieceMerges() {}

    static List<TokenizerJson.Merge> of(List<String> tokens, List<Double> scores) {
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < tokens.size(); id++) {
            ids.putIfAbsent(tokens.get(id), id);
        }
        BitSet lengths = new BitSet(); // without a look at these, one long piece would be copied at each of its cuts
        tokens.forEach(piece -> lengths.set(piece.length()));
        List<Ranked> ranked = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            String piece = tokens.get(id);
            for (int cut = 1; cut < piece.length(); cut++) {
                if (!lengths.get(cut) || !lengths.get(piece.length() - cut)) {
                    continue;
                }
                Integer left = ids.get(piece.substring(0, cut));
                Integer right = ids.get(piece.substring(cut));
                if (left != null && right != null) {
                    TokenizerJson.Merge merge = new TokenizerJson.Merge(tokens.get(left), tokens.get(right));
                    ranked.add(new Ranked(merge, scores.get(id), left, right));
                }
            }
        }
        ranked.sort(Comparator.comparingDouble(Ranked::score)
                .reversed()
                .thenComparingInt(Ranked::left)
                .thenComparingInt(Ranked::right));
        return ranked.stream().map(Ranked::merge).toList();
    }
}
