// The corpus of hostile definitions: each is refused with a clear message, or loads and stays
// bounded, both in itself and in what calls of it do. Bounds are counts (values, bytes of a
// request, of a message, of memory), never seconds.
#include "connector/testdata/hostile_corpus.hpp"

#include "base/encoding.hpp"
#include "connector/answer_reader.hpp"
#include "connector/authorizer.hpp"
#include "net/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>

namespace fairlead::connector {
namespace {

using hostile::Hostile;
using ::testing::HasSubstr;

const Instant now = Instant(std::chrono::seconds(1'770'000'000));
constexpr std::string_view secret = "s3cret-of-the-user-0123456789";

// What may become of one.

/// Peak memory of this process over what it holds, in bytes. Not under sanitizers, whose own memory
/// would be measured.
class Memory {
 public:
  static constexpr bool is_measured =
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
      false;
#else
      true;
#endif
#else
      true;
#endif
  Memory() {
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
    held_ = read("VmRSS:");
  }
  std::size_t peak() const {
    const std::size_t most = read("VmHWM:");
    return most > held_ ? most - held_ : 0;
  }

 private:
  static std::size_t read(std::string_view name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with(name)) return std::stoul(line.substr(name.size())) * 1024;
    return 0;
  }
  std::size_t held_ = 0;
};

void expect_clear(const std::string& message) {
  EXPECT_FALSE(message.empty());
  EXPECT_LE(message.size(), 4'096u) << message.substr(0, 200);
  EXPECT_TRUE(is_valid_utf8(message));
  EXPECT_EQ(message.find(secret), std::string::npos) << message;
  EXPECT_TRUE(std::none_of(message.begin(), message.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20;
  })) << message;
}

/// As a caller of the engine sees it.
void expect_clear(const CallError& error) { expect_clear(shortened(error).message); }

struct Size {
  std::size_t values = 0, bytes = 0;
  void add(const json::value& value) {
    ++values;
    if (const auto* text = value.if_string()) bytes += text->size();
    if (const auto* list = value.if_array())
      for (const auto& one : *list) add(one);
    if (const auto* object = value.if_object())
      for (const auto& one : *object) {
        bytes += one.key().size();
        add(one.value());
      }
  }
};

void expect_small(const Definition& definition) {
  Size size;
  size.add(definition.info_extensions);
  size.add(definition.context_store);
  for (const Entity& entity : definition.entities) size.add(entity.schema);
  for (const auto& one : definition.operations) {
    size.add(one->response_schema);
    size.add(one->extensions);
    for (const Parameter& parameter : one->parameters) {
      size.add(parameter.schema);
      if (parameter.allowed) size.add(*parameter.allowed);
    }
    for (const BodyField& field : one->body.fields) size.add(field.schema);
  }
  EXPECT_LE(size.values, 1'000'000u);
  EXPECT_LE(size.bytes, 64u << 20);
  EXPECT_LE(definition.warnings.size(), 100u);
  for (const std::string& warning : definition.warnings) EXPECT_LE(warning.size(), 1'500u);
}

json::value value_for(bool is_array, const std::optional<json::array>& allowed,
                      const std::optional<json::array>& allowed_items) {
  if (allowed && !allowed->empty()) return allowed->front();
  json::value one = allowed_items && !allowed_items->empty() ? allowed_items->front()
                                                             : json::value("x/../y\r\nz: 1");
  return is_array ? json::value(json::array{one}) : one;
}

json::object params_for(const Operation& operation) {
  json::object params;
  for (const Parameter& parameter : operation.parameters)
    params[parameter.name] =
        parameter.in == Location::query
            ? value_for(parameter.is_array, parameter.allowed, parameter.allowed_items)
            : json::value("x y");
  for (const PathPiece& piece : operation.path)
    if (piece.is_parameter) params[piece.text] = ".evil.test";
  for (const BodyField& field : operation.body.fields)
    params[field.name] = value_for(field.is_array, field.allowed, field.allowed_items);
  return params;
}

void expect_bounded_request(const RequestDraft& draft) {
  EXPECT_LE(draft.url().size(), 8'192u + 64u);
  std::size_t bytes = 0;
  for (const net::Header& one : draft.headers) {
    bytes += one.name.size() + one.value.size();
    EXPECT_TRUE(net::is_header_name(one.name)) << one.name;
    EXPECT_TRUE(net::is_header_value(one.value)) << one.value;
  }
  EXPECT_LE(bytes, 256u << 10);
  EXPECT_LE(draft.body.value_or("").size(), 16u << 20);
  const auto url = net::Url::parse(draft.url());
  const auto base = net::Url::parse(draft.base_url);
  if (url && base) EXPECT_TRUE(url->same_origin(*base)) << draft.url();
}

void expect_bounded_credentials(const Definition& definition, const RequestDraft& request) {
  for (const AuthScheme& one : definition.schemes) {
    CredentialFields fields;
    for (const CredentialField& field : one.fields) fields.emplace(field.name, Secret(secret));
    const auto parameters = auth_parameters(one, fields, {});
    if (!parameters) {
      expect_clear(parameters.error());
      continue;
    }
    RequestDraft draft = request;
    if (const auto used = authorize(one, *parameters, fields, draft, now); !used)
      expect_clear(used.error());
    else
      expect_bounded_request(draft);
  }
}

/// An answer of 40 KB, in the shapes that extractors look for.
net::Answer plenty() {
  net::Answer answer;
  answer.status = 200;
  answer.headers.add("Content-Type", "application/json");
  std::string records = "{\"id\":1}";
  for (int i = 0; i < 2'000; ++i) records += ",{\"id\":" + std::to_string(i) + ",\"a\":[[1]]}";
  answer.body = "{\"d\":[" + records + "],\"data\":null}";
  return answer;
}

void expect_bounded_calls(const Definition& definition) {
  json::object config;
  for (const std::string& name : definition.config_names()) config[name] = "evil.test/x?y#z@w";
  const net::Answer answer = plenty();
  std::size_t tried = 0;
  for (const auto& one : definition.operations) {
    if (++tried > 20) return;
    for (const bool hostile_settings : {false, true}) {
      const auto draft = build_request(definition, *one, params_for(*one),
                                       hostile_settings ? config : json::object(), {}, now);
      if (!draft) {
        expect_clear(draft.error());
        continue;
      }
      expect_bounded_request(*draft);
      expect_bounded_credentials(definition, *draft);
    }
    ReadOptions options;
    options.now = now;
    const auto outcome = read_answer(definition, *one, answer, options);
    if (!outcome) {
      expect_clear(outcome.error());
      continue;
    }
    EXPECT_LE(outcome->data.size(), 64u << 20);
    EXPECT_LE(outcome->meta.size(), 64u << 20);
  }
}

struct Tally {
  std::size_t refused = 0, bounded = 0, peak = 0;
};

void judge(const Hostile& one, Tally& tally) {
  SCOPED_TRACE(one.group + ": " + one.name);
  const Memory memory;
  const auto loaded = load_definition(one.text, "hostile.yaml");
  const bool expects_refusal = !one.refused_with.empty();
  EXPECT_EQ(!loaded, expects_refusal) << (loaded ? "it loads" : loaded.error().message);
  if (loaded) {
    ++tally.bounded;
    expect_small(**loaded);
    for (const char* entity : {"things", "thing", "x"})
      if (const auto found = (*loaded)->find(entity, "nothing"); !found)
        expect_clear(found.error().message);
    if (const auto found = (*loaded)->find("no such entity", "list"); !found)
      expect_clear(found.error().message);
    expect_bounded_calls(**loaded);
  } else {
    ++tally.refused;
    expect_clear(loaded.error().message);
    EXPECT_THAT(loaded.error().message, HasSubstr(one.refused_with));
    EXPECT_LE(loaded.error().fields.size(), 100u);
    for (const FieldError& field : loaded.error().fields) EXPECT_LE(field.message.size(), 1'300u);
  }
  if (Memory::is_measured) EXPECT_LE(memory.peak(), 64u << 20) << "bytes of memory";
  tally.peak = std::max(tally.peak, memory.peak());
}

TEST(HostileCorpus, EachIsRefusedOrBounded) {
  const std::vector<Hostile> all = hostile::corpus();
  Tally tally;
  for (const Hostile& one : all) judge(one, tally);
  std::cout << all.size() << " hostile definitions: " << tally.refused << " refused, "
            << tally.bounded << " loaded and bounded; at most " << (tally.peak >> 20)
            << " MiB for one\n";
  EXPECT_GE(all.size(), 150u);
}

}  // namespace
}  // namespace fairlead::connector
