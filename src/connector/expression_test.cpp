#include "connector/expression.hpp"

#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

const Instant now = parse_rfc3339("2026-03-01T07:08:09.000123Z").value();

const json::object& names() {
  static const json::object value = json::parse(R"({
        "text": "Acme/Site", "empty": "", "zero": 0, "one": 1, "real": 2.5, "big": 9223372036854775807,
        "yes": true, "no": false, "nothing": null, "list": ["b", "a"], "numbers": [3, 1, 2], "none_list": [],
        "accent": "naïve", "record": {"value": 11, "hidden": false, "a": {"b": {"c": "deep"}},
        "tags": ["x", 1, true, null, "it's"], "items": "a member called items"}})")
                                        .as_object();
  return value;
}

struct Rendered {
  const char* text;
  const char* expected;
};

class Renders : public testing::TestWithParam<Rendered> {};

TEST_P(Renders, AsPythonWould) {
  auto parsed = Template::parse(GetParam().text);
  ASSERT_TRUE(parsed) << parsed.error().message;
  auto out = parsed->render(names(), Undefined::is_error, now);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(*out, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Renders,
    testing::Values(Rendered{"", ""}, Rendered{"plain", "plain"},
                    Rendered{"a { b } c", "a { b } c"}, Rendered{"line\n", "line"},
                    Rendered{"{{ text }}", "Acme/Site"}, Rendered{"{{text}}", "Acme/Site"},
                    Rendered{"<{{ text }}|{{ one }}>", "<Acme/Site|1>"},
                    Rendered{"{{ 'a}}b' }}", "a}}b"}, Rendered{"{{ 'a' 'b' }}", "ab"},
                    Rendered{"{{ 'it\\'s\\n' }}", "it's\n"},
                    Rendered{"{{ true }} {{ False }} {{ none }}", "True False None"},
                    Rendered{"{{ yes }} {{ no }} {{ nothing }}", "True False None"},
                    Rendered{"{{ 1.0 }} {{ 2.50 }} {{ real }}", "1.0 2.5 2.5"},
                    Rendered{"{{ 10000000000000000.0 }} {{ 0.00001 }}", "1e+16 1e-05"},
                    Rendered{"{{ big }}", "9223372036854775807"}, Rendered{"{{ -one }}", "-1"},
                    Rendered{"{{ list }}", "['b', 'a']"},
                    Rendered{"{{ record.tags }}", "['x', 1, True, None, \"it's\"]"},
                    Rendered{"{{ record.a }}", "{'b': {'c': 'deep'}}"}));

INSTANTIATE_TEST_SUITE_P(Members, Renders,
                         testing::Values(Rendered{"{{ record.a.b.c }}", "deep"},
                                         Rendered{"{{ record['value'] }}", "11"},
                                         Rendered{"{{ record.items }}", "a member called items"},
                                         Rendered{"{{ list[0] }}{{ list[-1] }}", "ba"},
                                         Rendered{"{{ accent[2] }}{{ accent[-1] }}", "ïe"},
                                         Rendered{"{{ record.tags[0] }}", "x"},
                                         Rendered{"{{ text.split('/')[0] }}", "Acme"},
                                         Rendered{"{{ text.split('/')[-1] }}", "Site"},
                                         Rendered{"{{ ['p', 'q'][1] }}", "q"}));

INSTANTIATE_TEST_SUITE_P(
    Logic, Renders,
    testing::Values(
        Rendered{"{{ not record.hidden }}", "True"}, Rendered{"{{ not text }}", "False"},
        Rendered{"{{ not zero }}{{ not empty }}{{ not none_list }}{{ not nothing }}",
                 "TrueTrueTrueTrue"},
        Rendered{"{{ text and one }}", "1"}, Rendered{"{{ empty or 'else' }}", "else"},
        Rendered{"{{ one == 1.0 }}{{ one == true }}{{ zero == no }}", "TrueTrueTrue"},
        Rendered{"{{ one == '1' }}", "False"}, Rendered{"{{ list == ['b', 'a'] }}", "True"},
        Rendered{"{{ one != 2 }}", "True"}, Rendered{"{{ one < 2 and real >= 2.5 }}", "True"},
        Rendered{"{{ 'a' <= 'b' }}{{ 'a' > 'b' }}", "TrueFalse"},
        Rendered{"{{ 'a' in list }}", "True"}, Rendered{"{{ 'c' not in list }}", "True"},
        Rendered{"{{ '/' in text }}", "True"}, Rendered{"{{ 'value' in record }}", "True"},
        Rendered{"{{ text in ['Acme/Site', 'x'] }}", "True"},
        Rendered{"{{ 'A' if one else 'B' }}", "A"},
        Rendered{"{{ 'A' if zero else 'B' if one else 'C' }}", "B"},
        Rendered{"{{ 'A' if zero else 'B' if no else 'C' }}", "C"},
        Rendered{"{{ ('A' if zero else 'B') + 'x' }}", "Bx"},
        Rendered{"{{ text.split('/')[0] if '/' in text and not empty else none }}", "Acme"},
        Rendered{"{{ 'EU' if text|upper in ['ACME/SITE', 'X'] else 'US' }}", "EU"},
        Rendered{"{{ missing if false else 'taken' }}", "taken"}));

INSTANTIATE_TEST_SUITE_P(
    Calls, Renders,
    testing::Values(
        Rendered{"{{ text | upper }} {{ text.lower() }}", "ACME/SITE acme/site"},
        Rendered{"{{ text | replace('/', '-') }}", "Acme-Site"},
        Rendered{"{{ record.value | replace('1', 'x') }}", "xx"},
        Rendered{"{{ 'a' + text | upper }}", "aACME/SITE"},
        Rendered{"{{ missing | default('d') }}", "d"}, Rendered{"{{ empty | default('d') }}", ""},
        Rendered{"{{ empty | default('d', true) }}", "d"}, Rendered{"{{ missing | default }}", ""},
        Rendered{"{{ record.missing.deeper | default('d') }}", "d"},
        Rendered{"{{ '  x ' | trim }}", "x"}, Rendered{"{{ '--x-'.strip('-') }}", "x"},
        Rendered{"{{ ' a  b '.split() | join(',') }}", "a,b"},
        Rendered{"{{ list | join('+') }}", "b+a"}, Rendered{"{{ list | first }}", "b"},
        Rendered{"{{ accent | first }}", "n"}, Rendered{"{{ accent | length }}", "5"},
        Rendered{"{{ list | length }}", "2"},
        Rendered{"{{ text.startswith('Acme') }}{{ text.endswith('x') }}", "TrueFalse"},
        Rendered{"{{ max(1, 3, 2) }} {{ min(numbers) }} {{ max('a', 'b') }}", "3 1 b"}));

INSTANTIATE_TEST_SUITE_P(
    Times, Renders,
    testing::Values(
        Rendered{"{{ now_utc() }}", "2026-03-01 07:08:09.000123+00:00"},
        Rendered{"{{ today_utc() }}", "2026-03-01"},
        Rendered{"{{ now_utc().strftime('%Y-%m-%dT%H:%M:%SZ') }}", "2026-03-01T07:08:09Z"},
        Rendered{"{{ (now_utc() - duration('P730D')).strftime('%Y%m%d') }}", "20240301"},
        Rendered{"{{ (now_utc() - duration('PT8H')).strftime('%d %H') }}", "28 23"},
        Rendered{"{{ day_delta(-180, '%Y-%m-%dT%H:%M:%SZ') }}", "2025-09-02T07:08:09Z"},
        Rendered{"{{ day_delta(1) }}", "2026-03-02T07:08:09.000123+0000"},
        Rendered{"{{ now_utc().strftime('%j %y %I %p %b %B %a %A %f %z %Z %% %F %T %s') }}",
                 "060 26 07 AM Mar March Sun Sunday 000123 +0000 UTC % 2026-03-01 07:08:09 "
                 "1772348889"},
        Rendered{"{{ today_utc() - duration('PT1H') }}", "2026-02-28"},
        Rendered{"{{ duration('P1DT2H3M4S') }}", "1 day, 2:03:04"},
        Rendered{"{{ duration('PT1S') - duration('P2D') }}", "-2 days, 0:00:01"},
        Rendered{"{{ now_utc() - (now_utc() - duration('P3D')) }}", "3 days, 0:00:00"},
        Rendered{"{{ now_utc() > now_utc() - duration('P1D') }}", "True"},
        Rendered{"{{ max(today_utc(), today_utc() - duration('P1D')) }}", "2026-03-01"}));

struct Refused {
  const char* text;
  const char* message;  ///< part of it
};

class DoesNotParse : public testing::TestWithParam<Refused> {};

TEST_P(DoesNotParse, NamingTheTextAndTheColumn) {
  const auto parsed = Template::parse(GetParam().text);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message.find(GetParam().message), std::string::npos)
      << parsed.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, DoesNotParse,
    testing::Values(
        Refused{"{{ a", "column 5: the closing }} is missing"},
        Refused{"x {{ }}", "column 6: an expression is expected"},
        Refused{"{{ a b }}", "column 6: unexpected 'b'"},
        Refused{"{{ a % b }}", "column 6: unexpected '%'"},
        Refused{"{% for x in y %}", "column 1: statements"},
        Refused{"{# note #}", "column 1: statements"},
        Refused{"{{ 'open }}", "column 4: a text has no closing quote"},
        Refused{"{{ '\\x41' }}", "unknown escape"}, Refused{"{{ {'a': 1} }}", "unexpected '{'"},
        Refused{"{{ a.__class__ }}", "'__class__' is not allowed"},
        Refused{"{{ __import__ }}", "'__import__' is not allowed"},
        Refused{"{{ a.format(b) }}", "there is no method 'format'"},
        Refused{"{{ range(10) }}", "there is no function 'range'"},
        Refused{"{{ a | uper }}", "there is no filter 'uper'; did you mean 'upper'?"},
        Refused{"{{ a | replace('x') }}", "'replace' does not take 1 arguments"},
        Refused{"{{ a | }}", "the name of a filter"}, Refused{"{{ a. }}", "name is expected"},
        Refused{"{{ a[1:2] }}", "unexpected ':'"}, Refused{"{{ a[1 }}", "']' is expected"},
        Refused{"{{ (a }}", "')' is expected"}, Refused{"{{ a is defined }}", "unexpected 'is'"},
        Refused{"{{ a ~ b }}", "unexpected '~'"}, Refused{"{{ a == b == c }}", "chained"},
        Refused{"{{ a * 1 }}", "unexpected '*'"}, Refused{"{{ 1x }}", "not a number"},
        Refused{"{{ 99999999999999999999999 }} {{", "an"}, Refused{"{{ not }}", "expected"},
        Refused{"{{- a -}}", "expected"}, Refused{"one\ntwo {{ % }}", "column 8 of line 2"}));

TEST(TemplateParse, RefusesWhatIsTooLong) {
  EXPECT_FALSE(Template::parse(std::string(17 << 10, 'x')));
  std::string deep = "{{ ";
  for (int i = 0; i < 1000; ++i) deep += "(";
  EXPECT_NE(Template::parse(deep).error().message.find("nested deeper"), std::string::npos);
  std::string wide = "{{ a";
  for (int i = 0; i < 1000; ++i) wide += " + a";
  EXPECT_NE(Template::parse(wide + " }}").error().message.find("512"), std::string::npos);
}

class DoesNotRender : public testing::TestWithParam<Refused> {};

TEST_P(DoesNotRender, SayingWhy) {
  auto parsed = Template::parse(GetParam().text);
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto out = parsed->render(names(), Undefined::is_error, now);
  ASSERT_FALSE(out) << *out;
  EXPECT_NE(out.error().message.find(GetParam().message), std::string::npos) << out.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, DoesNotRender,
    testing::Values(
        Refused{"{{ missing }}", "missing is not defined"},
        Refused{"{{ not record.isPrivate }}", "record.isPrivate is not defined"},
        Refused{"{{ record.a.x.y }}", "record.a.x.y is not defined"},
        Refused{"{{ text.length }}", "text.length is not defined"},
        Refused{"{{ missing == 1 }}", "missing is not defined"},
        Refused{"{{ 'x' in missing }}", "missing is not defined"},
        Refused{"{{ 'a' if zero }}", "is not defined"}, Refused{"{{ list[7] }}", "[7]"},
        Refused{"{{ none_list | first }}", "is not defined"},
        Refused{"{{ text + one }}", "+ needs"}, Refused{"{{ text - one }}", "- needs"},
        Refused{"{{ -text }}", "- needs a number"}, Refused{"{{ big + 1 }}", "too large"},
        Refused{"{{ text < one }}", "compare"}, Refused{"{{ 1 in text }}", "in looks"},
        Refused{"{{ 'a' in one }}", "in looks"}, Refused{"{{ one.lower() }}", "must be text"},
        Refused{"{{ text.strftime('%Y') }}", "strftime needs a time"},
        Refused{"{{ now_utc().strftime('%Q') }}", "no directive %Q"},
        Refused{"{{ now_utc().strftime('%') }}", "lone %"},
        Refused{"{{ now_utc() + now_utc() }}", "does not combine"},
        Refused{"{{ now_utc() - duration('P1000000D') }}", "out of range"},
        Refused{"{{ day_delta(4000000) }}", "out of range"},
        Refused{"{{ day_delta('x') }}", "whole number"},
        Refused{"{{ duration('P1Y') }}", "duration"}, Refused{"{{ duration('') }}", "duration"},
        Refused{"{{ duration('PT') }}", "duration"}, Refused{"{{ duration('PT1D') }}", "duration"},
        Refused{"{{ duration('P99999999999999999999D') }}", "duration"},
        Refused{"{{ text.split('') }}", "separator"}, Refused{"{{ text | join }}", "needs a list"},
        Refused{"{{ text | replace('', 'x') }}", "look for"},
        Refused{"{{ max(none_list) }}", "empty"}, Refused{"{{ one | length }}", "length needs"}));

TEST(TemplateRender, MissingNamesCanMeanEmpty) {
  auto parsed = Template::parse("<{{ missing }}|{{ record.no.where }}|{{ not missing }}>").value();
  EXPECT_EQ(parsed.render(names(), Undefined::is_empty, now).value(), "<||True>");
}

TEST(TemplateRender, ValuesAreNeverExpandedAgain) {
  const json::object hostile = {{"text", "{{ secret }}"}, {"secret", "s3cret"}};
  EXPECT_EQ(Template::parse("{{ text }}").value().render(hostile, Undefined::is_error, now).value(),
            "{{ secret }}");
}

TEST(TemplateRender, IsBoundedInOutputAndTime) {
  const json::object large = {{"text", std::string(60'000, 'a')}};
  for (const char* text :
       {"{{ text }}{{ text }}", "{{ text + text }}", "{{ text | replace('a', 'bb') }}"}) {
    const auto out = Template::parse(text).value().render(large, Undefined::is_error, now);
    ASSERT_FALSE(out) << text;
    EXPECT_NE(out.error().message.find("64 KiB"), std::string::npos);
  }
  std::string busy;
  for (int i = 0; i < 300; ++i) busy += "{{ '' if text | upper else '' }}";
  const auto out = Template::parse(busy).value().render(large, Undefined::is_error, now);
  ASSERT_FALSE(out);
  EXPECT_NE(out.error().message.find("too many steps"), std::string::npos);
}

TEST(TemplateRender, ABrokenTemplateFailsWithItsReason) {
  const Template broken = Template::broken("{{ a b }}", "cannot be read");
  EXPECT_EQ(broken.source(), "{{ a b }}");
  EXPECT_EQ(broken.render({}, Undefined::is_empty, now).error().message, "cannot be read");
}

TEST(TemplateNames, AreTheTopLevelOnes) {
  const auto names =
      Template::parse("{{ a.b if c else d | replace(e, 'f') }} {{ now_utc() }}").value().names();
  EXPECT_EQ(names, (std::vector<std::string>{"a", "c", "d", "e"}));
}

}  // namespace
}  // namespace fairlead::connector
