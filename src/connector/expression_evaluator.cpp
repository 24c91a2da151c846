#include "base/clear.hpp"
#include "connector/ascii.hpp"
#include "connector/expression_tree.hpp"
#include "connector/expression_value.hpp"
#include "connector/python_value.hpp"

#include <algorithm>
#include <cmath>

namespace fairlead::connector {
namespace {

using Kind = Expression::Kind;

constexpr std::size_t most_output = 64 << 10;
/// Parts evaluated and bytes handled. Without loops a template stays far below; about 10 ms.
constexpr std::size_t most_steps = 8 << 20;

[[noreturn]] void fail(std::string message) { throw Failure(invalid(std::move(message))); }

constexpr std::string_view blanks = " \t\n\r\f\v";

class Evaluator {
 public:
  Evaluator(const json::object& names, Undefined undefined, Instant now)
      : names_(names), undefined_(undefined), now_(now) {}

  void append(Clear& out, const Expression& expression) {
    const Value value = evaluate(expression);
    if (const json::string* const text = text_outside(value)) {
      limit(text->size());
      out += view(*text);
    } else {
      out += text_of(value);
    }
    check_size(out.text.size());
  }
  std::size_t steps() const noexcept { return steps_; }

 private:
  // What a value is, with a missing one refused or read as empty.

  void check(const Missing& missing) const {
    if (undefined_ == Undefined::is_error) fail(missing.name + " is not defined");
  }
  /// nullptr for times and durations.
  const json::value* json_of(const Value& value) const {
    static const json::value nothing = "";
    if (const auto* missing = std::get_if<Missing>(&value)) {
      check(*missing);
      return &nothing;
    }
    if (const auto* pointer = std::get_if<const json::value*>(&value)) return *pointer;
    return std::get_if<json::value>(&value);
  }
  const json::value& json_of(const Value& value, std::string_view what) const {
    const json::value* found = json_of(value);
    if (!found) fail(std::string(what) + " cannot be a time");
    return *found;
  }
  /// Text that was given, not made: it may be a credential, of which no copy is to stay behind.
  static const json::string* text_outside(const Value& value) {
    const auto* const pointer = std::get_if<const json::value*>(&value);
    return pointer != nullptr ? (*pointer)->if_string() : nullptr;
  }
  std::string text_of(const Value& value) {
    if (const auto* time = std::get_if<Time>(&value)) return python_text(*time);
    if (const auto* span = std::get_if<Span>(&value)) return python_text(*span);
    const json::value* found = json_of(value);
    if (const auto* text = found->if_string()) {
      limit(text->size());
      return std::string(view(*text));
    }
    std::string out = message_text(*found);
    limit(out.size());
    return out;
  }
  bool truth_of(const Value& value) const {
    if (std::holds_alternative<Time>(value)) return true;
    if (const auto* span = std::get_if<Span>(&value)) return span->length.count() != 0;
    return is_truthy(*json_of(value));
  }
  std::string plain_text(const Value& value, std::string_view what) {
    const json::value* found = json_of(value);
    if (!found || !found->is_string()) fail(std::string(what) + " must be text");
    limit(found->get_string().size());
    return std::string(view(found->get_string()));
  }

  void charge(std::size_t steps) {
    steps_ += steps;
    if (steps_ > most_steps) fail("the template takes too many steps");
  }
  static void check_size(std::size_t bytes) {
    if (bytes > most_output) fail("the template makes more than 64 KiB of text");
  }
  /// Bytes that were copied.
  void limit(std::size_t bytes) {
    charge(bytes);
    check_size(bytes);
  }

  Value evaluate(const Expression& e) {
    charge(1);
    switch (e.kind) {
      case Kind::literal:
        return &e.literal;
      case Kind::name:
        return name(e);
      case Kind::member:
        return member(evaluate(*e.parts[0]), e.text, path_of(e));
      case Kind::index:
        return index(evaluate(*e.parts[0]), evaluate(*e.parts[1]));
      case Kind::list:
        return list(e);
      case Kind::not_:
        return json::value(!truth_of(evaluate(*e.parts[0])));
      case Kind::negate:
        return negate(evaluate(*e.parts[0]));
      case Kind::and_:
        return either(e, false);
      case Kind::or_:
        return either(e, true);
      case Kind::choice:
        return choice(e);
      case Kind::add:
        return add(evaluate(*e.parts[0]), evaluate(*e.parts[1]));
      case Kind::subtract:
        return subtract(evaluate(*e.parts[0]), evaluate(*e.parts[1]));
      case Kind::filter:
        return filter(e);
      case Kind::method:
        return method(e);
      case Kind::function:
        return function(e);
      default:
        return compare(e);
    }
  }

  Value name(const Expression& e) const {
    if (const auto* value = names_.if_contains(e.text)) return value;
    return Missing{e.text};
  }
  /// Members live as long as the object they are in; those of a computed object are copied.
  static Value part_of(const Value& owner, const json::value& part) {
    if (std::holds_alternative<const json::value*>(owner)) return &part;
    return part;
  }
  static Value member(const Value& owner, const std::string& key, std::string path) {
    const json::value* value = nullptr;
    if (const auto* pointer = std::get_if<const json::value*>(&owner)) value = *pointer;
    if (const auto* own = std::get_if<json::value>(&owner)) value = own;
    if (value && value->is_object())
      if (const auto* found = value->get_object().if_contains(key)) return part_of(owner, *found);
    return Missing{std::move(path)};
  }
  /// How messages name a value: record.a.b where it is as simple as that.
  static std::string path_of(const Expression& e) {
    if (e.kind == Kind::name) return e.text;
    if (e.kind == Kind::member && e.parts[0]->kind <= Kind::member)
      return path_of(*e.parts[0]) + "." + e.text;
    return "the member '" + e.text + "'";
  }
  Value index(const Value& owner, const Value& at) const {
    const json::value& position = json_of(at, "an index");
    if (const auto* key = position.if_string()) {
      const std::string name(view(*key));
      return member(owner, name, "the member '" + name + "'");
    }
    if (!position.is_int64()) fail("an index must be a whole number or a text");
    if (const auto* missing = std::get_if<Missing>(&owner)) return *missing;
    const json::value& value = json_of(owner, "what is indexed");
    std::int64_t i = position.get_int64();
    if (const auto* list = value.if_array()) {
      const auto size = static_cast<std::int64_t>(list->size());
      if (i < 0) i += size;
      if (i >= 0 && i < size) return part_of(owner, (*list)[static_cast<std::size_t>(i)]);
    } else if (const auto* text = value.if_string()) {
      const auto character = character_of(view(*text), i);
      if (!character.empty()) return json::value(json::string(character));
    }
    return Missing{"the element [" + std::to_string(position.get_int64()) + "]"};
  }
  Value list(const Expression& e) {
    json::array out;
    for (const auto& part : e.parts) {
      const Value value = evaluate(*part);
      out.push_back(json_of(value, "an element of a list"));
    }
    return json::value(std::move(out));
  }
  Value either(const Expression& e, bool stop_at) {
    Value left = evaluate(*e.parts[0]);
    if (truth_of(left) == stop_at) return left;
    return evaluate(*e.parts[1]);
  }
  Value choice(const Expression& e) {
    if (truth_of(evaluate(*e.parts[1]))) return evaluate(*e.parts[0]);
    if (e.parts.size() < 3) return Missing{"the other case of an if without else"};
    return evaluate(*e.parts[2]);
  }

  // Numbers.

  static std::optional<std::int64_t> integer(const json::value& value) {
    if (const auto* number = value.if_int64()) return *number;
    if (const auto* flag = value.if_bool()) return *flag ? 1 : 0;
    return std::nullopt;
  }
  static std::optional<double> real(const json::value& value) {
    if (const auto whole = integer(value)) return static_cast<double>(*whole);
    if (const auto* number = value.if_double()) return *number;
    if (const auto* number = value.if_uint64()) return static_cast<double>(*number);
    return std::nullopt;
  }
  static json::value finite(double number) {
    if (!std::isfinite(number)) fail("a number is too large");
    return number;
  }
  Value negate(const Value& operand) const {
    if (const auto* span = std::get_if<Span>(&operand)) return Span{-span->length};
    const json::value& value = json_of(operand, "the operand of -");
    if (const auto whole = integer(value)) {
      std::int64_t out = 0;
      if (__builtin_sub_overflow(std::int64_t{0}, *whole, &out)) fail("a number is too large");
      return json::value(out);
    }
    if (const auto number = real(value)) return json::value(-*number);
    fail("- needs a number");
  }

  // Times. Years 1 to 9999, as Python has it.

  static Time moved(const Time& time, std::chrono::microseconds by) {
    using std::chrono::sys_days;
    static constexpr Instant first = sys_days(std::chrono::year(1) / 1 / 1);
    static constexpr Instant last = sys_days(std::chrono::year(9999) / 12 / 31);
    if (time.date_only) by = std::chrono::floor<std::chrono::days>(by);
    std::int64_t count = 0;
    if (__builtin_add_overflow(time.at.time_since_epoch().count(), by.count(), &count) ||
        Instant(std::chrono::microseconds(count)) < first ||
        Instant(std::chrono::microseconds(count)) > last)
      fail("a time is out of range");
    return {Instant(std::chrono::microseconds(count)), time.date_only};
  }
  Value add(const Value& a, const Value& b) {
    const auto *time = std::get_if<Time>(&a), *other = std::get_if<Time>(&b);
    const auto *span = std::get_if<Span>(&a), *more = std::get_if<Span>(&b);
    if (time && more) return moved(*time, more->length);
    if (span && other) return moved(*other, span->length);
    if (span && more) return sum(*span, more->length);
    if (time || other || span || more) fail("+ does not combine these with a time");
    const json::value &x = *json_of(a), &y = *json_of(b);
    if (x.is_string() && y.is_string()) {
      limit(x.get_string().size() + y.get_string().size());
      return json::value(std::string(view(x.get_string())) + std::string(view(y.get_string())));
    }
    if (const auto left = integer(x), right = integer(y); left && right) {
      std::int64_t out = 0;
      if (__builtin_add_overflow(*left, *right, &out)) fail("a number is too large");
      return json::value(out);
    }
    if (const auto left = real(x), right = real(y); left && right) return finite(*left + *right);
    fail("+ needs two numbers or two texts");
  }
  static Span sum(const Span& span, std::chrono::microseconds by) {
    std::int64_t count = 0;
    if (__builtin_add_overflow(span.length.count(), by.count(), &count))
      fail("a duration is out of range");
    return {std::chrono::microseconds(count)};
  }
  Value subtract(const Value& a, const Value& b) const {
    const auto *time = std::get_if<Time>(&a), *other = std::get_if<Time>(&b);
    const auto *span = std::get_if<Span>(&a), *less = std::get_if<Span>(&b);
    if (time && less) return moved(*time, -less->length);
    if (time && other) return Span{time->at - other->at};
    if (span && less) return sum(*span, -less->length);
    if (time || other || span || less) fail("- does not combine these with a time");
    const json::value &x = *json_of(a), &y = *json_of(b);
    if (const auto left = integer(x), right = integer(y); left && right) {
      std::int64_t out = 0;
      if (__builtin_sub_overflow(*left, *right, &out)) fail("a number is too large");
      return json::value(out);
    }
    if (const auto left = real(x), right = real(y); left && right) return finite(*left - *right);
    fail("- needs two numbers");
  }

  // Comparison.

  Value compare(const Expression& e) {
    const Value a = evaluate(*e.parts[0]), b = evaluate(*e.parts[1]);
    switch (e.kind) {
      case Kind::equal:
        return json::value(equal(a, b));
      case Kind::not_equal:
        return json::value(!equal(a, b));
      case Kind::in:
        return json::value(contains(b, a));
      case Kind::not_in:
        return json::value(!contains(b, a));
      case Kind::less:
        return json::value(order(a, b) < 0);
      case Kind::less_or_equal:
        return json::value(order(a, b) <= 0);
      case Kind::greater:
        return json::value(order(a, b) > 0);
      default:
        return json::value(order(a, b) >= 0);
    }
  }
  bool equal(const Value& a, const Value& b) {
    const auto *time = std::get_if<Time>(&a), *other = std::get_if<Time>(&b);
    if (time && other) return time->at == other->at && time->date_only == other->date_only;
    const auto *span = std::get_if<Span>(&a), *length = std::get_if<Span>(&b);
    if (span && length) return span->length == length->length;
    const json::value *x = json_of(a), *y = json_of(b);
    return x && y && same_value(*x, *y);
  }
  int order(const Value& a, const Value& b) const {
    const auto sign = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
    const auto *time = std::get_if<Time>(&a), *other = std::get_if<Time>(&b);
    if (time && other) return sign(time->at, other->at);
    const auto *span = std::get_if<Span>(&a), *length = std::get_if<Span>(&b);
    if (span && length) return sign(span->length, length->length);
    const json::value *x = json_of(a), *y = json_of(b);
    if (x && y) {
      if (x->is_string() && y->is_string())
        return sign(view(x->get_string()), view(y->get_string()));
      if (const auto left = integer(*x), right = integer(*y); left && right)
        return sign(*left, *right);
      if (const auto left = real(*x), right = real(*y); left && right) return sign(*left, *right);
    }
    fail("< and > compare numbers, texts or times of one kind");
  }
  bool contains(const Value& owner, const Value& part) {
    const json::value& container = json_of(owner, "the right side of in");
    const json::value& wanted = json_of(part, "the left side of in");
    if (const auto* list = container.if_array()) {
      charge(list->size());
      return std::any_of(list->begin(), list->end(),
                         [&](const json::value& one) { return same_value(one, wanted); });
    }
    if (!wanted.is_string()) fail("in looks for a text, or looks into a list");
    const std::string_view text = view(wanted.get_string());
    if (const auto* object = container.if_object()) return object->contains(text);
    if (const auto* whole = container.if_string()) {
      charge(whole->size());
      return view(*whole).find(text) != std::string_view::npos;
    }
    fail("in looks into a text, a list or an object");
  }

  // Filters, methods, functions. The parser has checked names and numbers of arguments.

  Value filter(const Expression& e) {
    Value subject = evaluate(*e.parts[0]);
    const auto argument = [&](std::size_t i) { return evaluate(*e.parts[i]); };
    const std::size_t given = e.parts.size() - 1;
    if (e.text == "default") {
      const bool for_false = given > 1 && truth_of(argument(2));
      if (!std::holds_alternative<Missing>(subject) && !(for_false && !truth_of(subject)))
        return subject;
      return given > 0 ? argument(1) : Value(json::value(""));
    }
    if (e.text == "upper") return json::value(ascii_upper(text_of(subject)));
    if (e.text == "lower") return json::value(ascii_lower(text_of(subject)));
    if (e.text == "trim")
      return json::value(
          strip(text_of(subject), given > 0 ? plain_text(argument(1), "the characters of trim")
                                            : std::string(blanks)));
    if (e.text == "replace")
      return json::value(replace(text_of(subject), text_of(argument(1)), text_of(argument(2))));
    if (e.text == "join")
      return json::value(join(subject, given > 0 ? text_of(argument(1)) : std::string()));
    if (e.text == "first") return index(subject, json::value(0));
    return length(subject);
  }
  std::string replace(const std::string& text, const std::string& from, const std::string& to) {
    if (from.empty()) fail("replace needs a text to look for");
    std::string out;
    std::size_t at = 0;
    for (;;) {
      const std::size_t found = text.find(from, at);
      out.append(text, at, found == std::string::npos ? found : found - at);
      if (found == std::string::npos) return out;
      out += to;
      check_size(out.size());
      at = found + from.size();
    }
  }
  std::string join(const Value& subject, const std::string& separator) {
    const json::value& value = json_of(subject, "what is joined");
    if (!value.is_array()) fail("join needs a list");
    std::string out;
    bool first = true;
    for (const json::value& element : value.get_array()) {
      if (!std::exchange(first, false)) out += separator;
      out += message_text(element);
      check_size(out.size());
    }
    charge(out.size());
    return out;
  }
  Value length(const Value& subject) {
    const json::value& value = json_of(subject, "what is measured");
    if (const auto* text = value.if_string())
      return json::value(static_cast<std::int64_t>(length_of(view(*text))));
    if (const auto* list = value.if_array())
      return json::value(static_cast<std::int64_t>(list->size()));
    if (const auto* object = value.if_object())
      return json::value(static_cast<std::int64_t>(object->size()));
    fail("length needs a text, a list or an object");
  }

  Value method(const Expression& e) {
    const Value subject = evaluate(*e.parts[0]);
    const bool has_argument = e.parts.size() > 1;
    const std::string argument =
        has_argument ? plain_text(evaluate(*e.parts[1]), "the argument of " + e.text) : "";
    if (e.text == "strftime") {
      const auto* time = std::get_if<Time>(&subject);
      if (!time) fail("strftime needs a time");
      return json::value(format_time(*time, argument).value());
    }
    const std::string text = plain_text(subject, "what " + e.text + "() is called on");
    if (e.text == "lower") return json::value(ascii_lower(text));
    if (e.text == "upper") return json::value(ascii_upper(text));
    if (e.text == "strip")
      return json::value(strip(text, has_argument ? std::string_view(argument) : blanks));
    if (e.text == "startswith") return json::value(text.starts_with(argument));
    if (e.text == "endswith") return json::value(text.ends_with(argument));
    return split(text, has_argument, argument);
  }
  Value split(const std::string& text, bool has_separator, const std::string& separator) {
    if (has_separator && separator.empty()) fail("split needs a separator");
    json::array out;
    std::size_t at = 0;
    for (;;) {
      if (!has_separator) {
        at = text.find_first_not_of(blanks, at);
        if (at == std::string::npos) break;
      }
      const std::size_t end =
          has_separator ? text.find(separator, at) : text.find_first_of(blanks, at);
      out.emplace_back(text.substr(at, end == std::string::npos ? end : end - at));
      if (end == std::string::npos) break;
      at = end + (has_separator ? separator.size() : 1);
    }
    return json::value(std::move(out));
  }

  Value function(const Expression& e) {
    if (e.text == "now_utc") return Time{now_};
    if (e.text == "today_utc") return Time{std::chrono::floor<std::chrono::days>(now_), true};
    if (e.text == "duration")
      return parse_duration(plain_text(evaluate(*e.parts[0]), "a duration")).value();
    if (e.text == "day_delta") return day_delta(e);
    return extreme(e, e.text == "max" ? 1 : -1);
  }
  Value day_delta(const Expression& e) {
    const Value days_value = evaluate(*e.parts[0]);
    const auto days = integer(json_of(days_value, "the number of days"));
    if (!days || *days > 4'000'000 || *days < -4'000'000)
      fail("day_delta needs a whole number of days");
    const Time time = moved(Time{now_}, std::chrono::days(*days));
    const std::string format = e.parts.size() > 1
                                   ? plain_text(evaluate(*e.parts[1]), "the format of day_delta")
                                   : "%Y-%m-%dT%H:%M:%S.%f%z";
    return json::value(format_time(time, format).value());
  }
  Value extreme(const Expression& e, int wanted) {
    std::vector<Value> values;
    for (const auto& part : e.parts) values.push_back(evaluate(*part));
    if (values.size() == 1) {
      const json::value list = json_of(values[0], "the list of " + e.text);
      if (!list.is_array()) fail(e.text + " needs a list, or several values");
      charge(list.get_array().size());
      values.clear();
      for (const json::value& element : list.get_array()) values.emplace_back(element);
    }
    if (values.empty()) fail(e.text + " of an empty list");
    std::size_t best = 0;
    for (std::size_t i = 1; i < values.size(); ++i)
      if (order(values[i], values[best]) == wanted) best = i;
    return std::move(values[best]);
  }

  const json::object& names_;
  const Undefined undefined_;
  const Instant now_;
  std::size_t steps_ = 0;
};

}  // namespace

std::string evaluate(const std::vector<TemplatePiece>& pieces, const json::object& names,
                     Undefined undefined, Instant now, std::size_t* steps) {
  Evaluator evaluator(names, undefined, now);
  Clear out;
  for (const TemplatePiece& piece : pieces) {
    out += piece.text;
    if (piece.expression) evaluator.append(out, *piece.expression);
  }
  if (steps != nullptr) *steps += evaluator.steps() + out.text.size();
  return std::move(out.text);
}

}  // namespace fairlead::connector
