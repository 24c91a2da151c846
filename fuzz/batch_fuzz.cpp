// Any line of `exec-local --batch`, up to the sending: one line of JSON comes back, with the
// members it promises, and no credential in it. Every line is made a plan, so that nothing is ever
// sent.
#include "base/encoding.hpp"
#include "server/exec_local.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace fairlead;

constexpr std::string_view secret = "fuzz-secret-7f3a9c51";

[[noreturn]] void broken(const char* what, std::string_view text) {
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

/// The line as it is run: a plan, with a secret of ours in the place of every credential.
std::string made_harmless(std::string_view line) {
  auto object = parse_json_object(line, "the line", {.bytes = 1u << 20});
  if (!object) return std::string(line);
  if (const auto* plan = object->if_contains("plan"); !plan || plan->is_bool() || plan->is_null())
    (*object)["plan"] = true;
  if (auto* given = object->if_contains("credentials"); given && given->is_object())
    for (auto& field : given->as_object())
      if (field.value().is_string())
        field.value() = json::string_view(secret.data(), secret.size());
  return json::serialize(*object);
}

void check(const std::string& line, const std::string& answer) {
  if (answer.find('\n') != std::string::npos) broken("more than one line", answer);
  json::error_code code;
  json::parse_options options;
  options.max_depth = 512;
  const json::value value = json::parse(answer, code, {}, options);
  // Of the id, which comes back as it stands.
  if (code == json::error::exponent_overflow) return;
  if (code || !value.is_object()) broken("no JSON object", answer);
  for (const char* name : {"id", "result", "waits", "refreshed"})
    if (!value.as_object().contains(name)) broken("a member is missing", answer);
  const auto& result = value.at("result").as_object();
  if (result.at("success").as_bool() != result.at("error").is_null())
    broken("success and error do not agree", answer);
  if (!result.at("error").is_null() && (result.at("error").at("message").as_string().empty() ||
                                        result.at("error").at("kind").as_string().empty()))
    broken("an error without words", answer);
  if (answer.find(secret) != std::string::npos) broken("a credential in the answer", line);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static server::LocalBatch batch{std::nullopt};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find(secret) != std::string_view::npos) return 0;
  const std::string line = made_harmless(text.substr(0, text.find('\n')));
  check(line, run_to_end(batch.answer(line)));
  return 0;
}
