package dev.lizard.base;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Describes one component of a configuration record to {@link ConfigTree#bind}. A component without a default is
 * required unless it is {@code @Nullable}, or a record all of whose components may be left out.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
    /** What it is, with its unit. */
    String doc() default "";

    /** The built-in value as it would stand in YAML; empty: none. */
    String byDefault() default "";

    /** The smallest allowed number. */
    double min() default Double.NEGATIVE_INFINITY;

    /** The largest allowed number. */
    double max() default Double.POSITIVE_INFINITY;

    /** Numbers must be greater than this. */
    double above() default Double.NEGATIVE_INFINITY;

    /** Numbers must be smaller than this. */
    double below() default Double.POSITIVE_INFINITY;

    /** For keys and values: the key among them that a lone value was probably meant for. */
    String meant() default "";
}
