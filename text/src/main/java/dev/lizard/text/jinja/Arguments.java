package dev.lizard.text.jinja;

import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a {@link Builtin} is called on and with; arguments by their place in its signature, null where left out. */
@SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
record Arguments(Value subject, @Nullable Value[] values, Given given, Evaluator evaluator) {
    int line() {
        return given.line();
    }

    Budget budget() {
        return evaluator.budget();
    }

    // ---- the subject -----------------------------------------------------------------------------------------------

    /** The subject as text, whatever it is. */
    Text text() {
        return Repr.text(subject, budget());
    }

    /** The same for an operation that looks through all of it. */
    Text scanned() {
        Text text = text();
        budget().scan(text.length());
        return text;
    }

    /** The subject's kind of text: safe if it was. */
    Value same(Text text) {
        return new Value.Str(text, subject instanceof Value.Str(Text _, boolean safe) && safe);
    }

    List<Value> items() {
        return Values.items(subject, line(), budget());
    }

    Iterator<Value> iterator() {
        return Values.iterator(subject, line(), budget());
    }

    // ---- the arguments ---------------------------------------------------------------------------------------------

    boolean has(int index) {
        return values[index] != null;
    }

    /** Whether it was given and is not none. */
    boolean some(int index) {
        return values[index] != null && !(values[index] instanceof Value.None);
    }

    Value value(int index) {
        Value value = values[index];
        if (value == null) {
            throw new IllegalStateException("argument " + index + " was not given");
        }
        return value;
    }

    Value value(int index, Value otherwise) {
        Value value = values[index];
        return value == null ? otherwise : value;
    }

    boolean flag(int index, boolean otherwise) {
        Value value = values[index];
        return value == null ? otherwise : Values.truth(value);
    }

    /** A string. */
    Text string(int index, String what) {
        return Values.string(value(index), what, line());
    }

    long whole(int index, String what, long otherwise) {
        return has(index) ? Values.whole(value(index), what, line()) : otherwise;
    }

    /** The same where none counts as left out. */
    long wholeOrNone(int index, String what, long otherwise) {
        return some(index) ? Values.whole(value(index), what, line()) : otherwise;
    }

    RuntimeException bad(String what) {
        return TemplateError.at(line(), what);
    }
}
