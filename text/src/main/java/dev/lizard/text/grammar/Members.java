package dev.lizard.text.grammar;

import dev.lizard.base.Json;
import java.util.List;

/** An object whose members are known; they come in their order. */
final class Members implements Rule {
    private final List<Member> members;
    private final List<Texts> names;
    private final int[] rest; // the fewest bytes behind member i - 1, the closing brace included
    private final int[] named; // and from a name on, where one must come

    Members(List<Member> members) {
        this.members = members;
        names = members.stream()
                .map(member -> Texts.of(Json.line(member.name()) + ":"))
                .toList();
        int count = members.size();
        rest = new int[count + 1];
        named = new int[count + 1];
        rest[count] = 1;
        named[count] = Integer.MAX_VALUE;
        for (int i = count - 1; i >= 0; i--) {
            Member member = members.get(i);
            int with = names.get(i).least() + member.value().least() + rest[i + 1];
            rest[i] = member.required() ? 1 + with : rest[i + 1];
            named[i] = member.required() ? with : Math.min(with, named[i + 1]);
        }
    }

    /** @param required whether it must be there */
    record Member(String name, Rule value, boolean required) {}

    @Override
    public Place begin(Place then) {
        return Words.of(Words.BRACE, Place.Gap.before(new Opened(this, then)));
    }

    private boolean mayClose(int from) {
        return members.stream().skip(from).noneMatch(Member::required);
    }

    /** The names that may come, as far as the first that must. */
    private void names(int from, int b, Place then, List<Place> next) {
        for (int i = from; i < members.size(); i++) {
            Member member = members.get(i);
            Place behind = Place.Gap.before(new Behind(this, i + 1, then));
            names.get(i).begin(Place.Gap.before(member.value().begin(behind))).step(b, next);
            if (member.required()) {
                return;
            }
        }
    }

    /** Behind the brace. */
    private record Opened(Members all, Place then) implements Place {
        @Override
        public void step(int b, List<Place> next) {
            if (b == '}' && all.mayClose(0)) {
                Place.add(next, then);
            } else {
                all.names(0, b, then, next);
            }
        }

        @Override
        public int distance() {
            return then.distance() + (all.mayClose(0) ? 1 : all.rest[0] - 1);
        }
    }

    /** Behind a member, {@code from} being the number of the next. */
    private record Behind(Members all, int from, Place then) implements Place {
        @Override
        public void step(int b, List<Place> next) {
            if (b == '}' && all.mayClose(from)) {
                Place.add(next, then);
            } else if (b == ',' && from < all.members.size()) {
                Place.add(next, Place.Gap.before(new Named(all, from, then)));
            }
        }

        @Override
        public int distance() {
            return then.distance() + all.rest[from];
        }
    }

    /** Before a name. */
    private record Named(Members all, int from, Place then) implements Place {
        @Override
        public void step(int b, List<Place> next) {
            all.names(from, b, then, next);
        }

        @Override
        public int distance() {
            return then.distance() + all.named[from];
        }
    }
}
