package dev.lizard.text.grammar;

import java.util.Collection;
import java.util.List;

/** What a part of a text may be. */
sealed interface Rule
        permits Rule.Texts, Rule.Quoted, Rule.Numeral, Rule.Either, Rule.Row, Rule.Items, Rule.Free, Rule.Any, Members {
    /** The place where it begins; {@code then} follows it. */
    Place begin(Place then);

    /** The fewest bytes of it. */
    default int least() {
        return begin(Place.End.HERE).distance();
    }

    /**
     * One of some texts.
     *
     * @param words as {@link Words} has them
     */
    record Texts(List<String> words) implements Rule {
        static Texts of(Collection<String> texts) {
            return new Texts(Words.sorted(texts));
        }

        static Texts of(String text) {
            return of(List.of(text));
        }

        @Override
        public Place begin(Place then) {
            return Words.of(words, then);
        }
    }

    /** A JSON string. */
    record Quoted() implements Rule {
        @Override
        public Place begin(Place then) {
            return Words.of(Words.QUOTE, Inside.before(then));
        }
    }

    /** A number, a whole one perhaps. */
    record Numeral(boolean whole) implements Rule {
        @Override
        public Place begin(Place then) {
            return Digits.before(whole, then);
        }
    }

    /** One of these. */
    record Either(List<Rule> rules) implements Rule {
        @Override
        public Place begin(Place then) {
            return new Place.Fork(rules.stream().map(rule -> rule.begin(then)).toList());
        }
    }

    /** One after the other. */
    record Row(List<Rule> rules) implements Rule {
        @Override
        public Place begin(Place then) {
            Place place = then;
            for (Rule rule : rules.reversed()) {
                place = rule.begin(place);
            }
            return place;
        }
    }

    /** A list of any length. */
    record Items(Rule item) implements Rule {
        @Override
        public Place begin(Place then) {
            return Words.of(Words.BRACKET, Place.Gap.before(new ItemPlace(item, true, then)));
        }
    }

    /** An object of members of any names, all of one kind. */
    record Free(Rule value) implements Rule {
        @Override
        public Place begin(Place then) {
            return FreePlace.begin(value, then);
        }
    }

    /** Any value of JSON, lists and objects at most so many deep. */
    record Any(int depth) implements Rule {
        private static final Texts NAMES = Texts.of(List.of("true", "false", "null"));

        @Override
        public Place begin(Place then) {
            return new Anything(this, then);
        }

        Rule of(int first) {
            Rule inner = new Any(depth - 1);
            return switch (first) {
                case '{' -> new Free(inner);
                case '[' -> new Items(inner);
                case '"' -> new Quoted();
                case 't', 'f', 'n' -> NAMES;
                default -> new Numeral(false);
            };
        }
    }

    /** Before a value of which nothing is known. */
    record Anything(Any any, Place then) implements Place {
        @Override
        public void step(int b, List<Place> next) {
            if (any.depth > 0 || (b != '{' && b != '[')) {
                any.of(b).begin(then).step(b, next);
            }
        }

        @Override
        public int distance() {
            return 1 + then.distance();
        }
    }
}
