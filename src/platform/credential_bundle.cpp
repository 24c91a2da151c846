#include "platform/credential_bundle.hpp"

#include "base/clear.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

namespace fairlead::platform {
namespace {

using connector::CredentialFields;
using connector::TokenState;

/// For a whole tree at once; what most trees need lies on the stack.
class TreeMemory {
 public:
  TreeMemory() = default;
  ~TreeMemory() { OPENSSL_cleanse(space_.data(), space_.size()); }
  TreeMemory(const TreeMemory&) = delete;
  json::memory_resource* get() { return &tree_; }

 private:
  std::array<unsigned char, 512> space_;
  ErasingMemory more_;
  json::monotonic_resource tree_{space_.data(), space_.size(), &more_};
};

void append_member(std::string& out, std::string_view name, const Secret& secret) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  append_json_string(out, secret.reveal());
}

/// No text needs more than six bytes for one.
std::size_t room_for(const CredentialFields& fields, const TokenState& tokens) {
  std::size_t room = 512 + 6 * (tokens.access_token.size() + tokens.refresh_token.size());
  for (const auto& [name, secret] : fields) room += 16 + 6 * (name.size() + secret.size());
  for (const auto& [name, text] : tokens.extracted) room += 16 + 6 * (name.size() + text.size());
  return room;
}

Secret secret_of(const json::object& object, std::string_view name) {
  const json::string* text = find_string(object, name);
  return text ? Secret(view(*text)) : Secret();
}

}  // namespace

Secret write_bundle(const CredentialFields& fields, const TokenState& tokens) {
  Clear out;
  out.text.reserve(room_for(fields, tokens));  // so that it never grows
  out.text = R"({"fields":{)";
  for (const auto& [name, secret] : fields) append_member(out.text, name, secret);
  out.text += R"(},"tokens":{)";
  if (!tokens.access_token.empty()) append_member(out.text, "access_token", tokens.access_token);
  if (!tokens.refresh_token.empty()) append_member(out.text, "refresh_token", tokens.refresh_token);
  out.text += R"(},"token_type":)";
  append_json_string(out.text, tokens.token_type);
  if (tokens.expires_at)
    out.text += R"(,"expires_at":)" + std::to_string(tokens.expires_at->time_since_epoch().count());
  out.text += R"(,"extracted":{)";
  for (const auto& [name, text] : tokens.extracted) {
    if (out.text.back() != '{') out.text += ',';
    append_json_string(out.text, name);
    out.text += ':';
    append_json_string(out.text, text);
  }
  out.text += "}}";
  return Secret(out.text);
}

Result<connector::CredentialSource::Opened> read_bundle(const Secret& text) {
  const Error damaged{.kind = ErrorKind::internal,
                      .message = "the stored credentials cannot be read",
                      .detail = "the sealed bundle is not a bundle"};
  TreeMemory memory;
  json::error_code code;
  const std::string_view clear = text.reveal();
  const json::value tree = json::parse({clear.data(), clear.size()}, code, memory.get());
  if (code || !tree.is_object()) return damaged;
  const json::object& bundle = tree.get_object();
  const json::object* fields = find_object(bundle, "fields");
  const json::object* tokens = find_object(bundle, "tokens");
  if (!fields || !tokens) return damaged;

  connector::CredentialSource::Opened opened;
  for (const auto& field : *fields)
    if (field.value().is_string())
      opened.fields.emplace(std::string(field.key()), Secret(view(field.value().get_string())));
  opened.tokens.access_token = secret_of(*tokens, "access_token");
  opened.tokens.refresh_token = secret_of(*tokens, "refresh_token");
  if (const json::string* type = find_string(bundle, "token_type"))
    opened.tokens.token_type = std::string(view(*type));
  if (const json::value* expires = bundle.if_contains("expires_at"); expires && expires->is_int64())
    opened.tokens.expires_at = Instant(std::chrono::microseconds(expires->get_int64()));
  if (const json::object* extracted = find_object(bundle, "extracted"))
    for (const auto& member : *extracted)
      if (member.value().is_string())
        opened.tokens.extracted.emplace(std::string(member.key()),
                                        std::string(view(member.value().get_string())));
  return opened;
}

bool has_control_characters(const Secret& secret) {
  const std::string_view text = secret.reveal();
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace fairlead::platform
