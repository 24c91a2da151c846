#include "connector/authorizer.hpp"

#include "base/clear.hpp"
#include "base/encoding.hpp"
#include "base/suggestion.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace fairlead::connector {
namespace {

constexpr const char* mask_text = "***";
constexpr std::size_t most_value = 1u << 20;    // bytes of one auth parameter
constexpr std::size_t most_headers = 64 << 10;  // bytes of the headers that one scheme adds

bool is_given(const CredentialFields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found != fields.end() && !found->second.empty();
}

CallError credentials_error(std::string message) {
  return {CallErrorKind::credentials, std::move(message)};
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string out = "[";
  for (const std::string& name : names)
    out += fmt::format("{}'{}'", out.size() > 1 ? ", " : "", name);
  return out += ']';
}

std::string described(const Definition& definition) {
  std::string out;
  for (const AuthScheme& scheme : definition.schemes)
    out += fmt::format("{}{} (requires {})", out.empty() ? "" : ", ", scheme.name,
                       quoted_list(scheme.required));
  return out;
}

bool fits(const AuthScheme& scheme, const CredentialFields& fields) {
  return std::all_of(scheme.required.begin(), scheme.required.end(),
                     [&](const std::string& name) { return is_given(fields, name); });
}

bool is_required(const AuthScheme& scheme, std::string_view name) {
  return !scheme.has_required ||
         std::find(scheme.required.begin(), scheme.required.end(), name) != scheme.required.end();
}

/// One pass over the template; a value is never looked into (F9). nullopt: leave the parameter out.
Result<std::optional<Clear>, CallError> fill(const AuthScheme& scheme,
                                             const CredentialTemplate& form,
                                             const CredentialFields& fields) {
  Clear out;
  for (const CredentialTemplate::Piece& piece : form.pieces) {
    if (!piece.is_name) {
      out += piece.text;
      continue;
    }
    const auto found = fields.find(piece.text);
    if (found == fields.end()) {
      if (!is_required(scheme, piece.text)) return std::optional<Clear>();
      auto error =
          credentials_error(fmt::format("The credential field '{}' is missing", piece.text));
      // Nothing at all is no mistake in the credentials; they are lacking.
      if (fields.empty()) error.kind = CallErrorKind::authentication;
      return error;
    }
    out += found->second.reveal();
    if (out.text.size() > most_value)
      return credentials_error(
          fmt::format("The credentials make a value of more than {} bytes", most_value));
  }
  return std::optional<Clear>(std::move(out));
}

CallError missing_parameter(const AuthScheme& scheme, std::string_view name) {
  return {CallErrorKind::authentication,
          fmt::format("Authentication failed: the credentials give no '{}' (scheme {})", name,
                      scheme.name)};
}

enum class Show { secrets, masks };

/// Puts one call's credentials onto a draft.
class Authorizer {
 public:
  Authorizer(const AuthScheme& scheme, const CredentialFields& parameters,
             const CredentialFields& fields, RequestDraft& draft, Show show)
      : scheme_(scheme), parameters_(parameters), fields_(fields), draft_(draft), show_(show) {}

  std::optional<CallError> run(Instant now) {
    if (auto error = main_credential()) return error;
    for (const auto& [name, form] : scheme_.additional_headers)
      if (auto error = additional_header(name, form, now)) return error;
    return std::nullopt;
  }

  std::vector<Secret> used;

 private:
  const Secret* parameter(std::string_view name) const {
    const auto found = parameters_.find(name);
    return found == parameters_.end() ? nullptr : &found->second;
  }

  std::optional<CallError> main_credential() {
    switch (scheme_.kind) {
      case AuthScheme::Kind::bearer:
        return token("token");
      case AuthScheme::Kind::oauth2:
        return token("access_token");
      case AuthScheme::Kind::basic:
        return basic();
      case AuthScheme::Kind::api_key:
        return key();
    }
    return std::nullopt;
  }

  std::optional<CallError> token(std::string_view name) {
    const Secret* const value = parameter(name);
    if (value == nullptr || value->empty()) return missing_parameter(scheme_, name);
    used.push_back(value->duplicate());
    Clear header(scheme_.prefix.empty() ? std::string() : scheme_.prefix + " ");
    header += value->reveal();
    return set_header(scheme_.key_name, header.text);
  }

  std::optional<CallError> basic() {
    const Secret* const user = parameter("username");
    const Secret* const password = parameter("password");
    if (user == nullptr) return missing_parameter(scheme_, "username");
    if (password == nullptr) return missing_parameter(scheme_, "password");
    Clear pair{std::string(user->reveal())};
    pair += ":";
    pair += password->reveal();
    const Clear encoded(show_ == Show::masks ? mask_text : to_base64(pair.text));
    used.push_back(user->duplicate());
    used.push_back(password->duplicate());
    used.push_back(Secret(encoded.text));
    Clear header("Basic ");
    header += encoded.text;
    return set_header("Authorization", header.text);
  }

  std::optional<CallError> key() {
    const Secret* const value = parameter("api_key");
    if (value == nullptr || value->empty()) return missing_parameter(scheme_, "api_key");
    used.push_back(value->duplicate());
    const Clear text{std::string(value->reveal())};
    switch (scheme_.key_place) {
      case AuthScheme::KeyPlace::header:
        return set_header(scheme_.key_name, text.text);
      case AuthScheme::KeyPlace::query:
        if (!draft_.query.empty()) draft_.query += '&';
        draft_.query += percent_encode(scheme_.key_name) + '=';
        draft_.query += Clear(show_ == Show::masks ? mask_text : percent_encode(text.text)).text;
        return std::nullopt;
      case AuthScheme::KeyPlace::cookie:
        if (text.text.find_first_of(";, \t\"\\") != std::string::npos) return unsendable("Cookie");
        return set_cookie(text.text);
    }
    return std::nullopt;
  }

  std::optional<CallError> set_cookie(std::string_view value) {
    Clear cookie(scheme_.key_name + "=");
    cookie += value;
    return set_header("Cookie", cookie.text);
  }

  std::optional<CallError> additional_header(const std::string& name, const Template& form,
                                             Instant now) {
    ErasingMemory memory;
    json::object names(&memory);
    const auto wanted = form.names();
    for (const std::string& variable : wanted) {
      const Secret* value = parameter(variable);
      if (const auto field = fields_.find(variable); value == nullptr && field != fields_.end())
        value = &field->second;
      if (value != nullptr) names[variable] = key_of(value->reveal());
    }
    auto rendered = form.render(names, Undefined::is_empty, now);
    if (!rendered)
      return CallError{CallErrorKind::executor,
                       fmt::format("The definition's header '{}' cannot be made", name)};
    const Clear text(*std::move(rendered));
    if (!wanted.empty() && !text.text.empty()) used.push_back(Secret(text.text));
    return set_header(name, text.text);
  }

  std::optional<CallError> set_header(std::string_view name, const std::string& value) {
    if (!net::is_header_name(name) || !is_header_text(value)) return unsendable(name);
    added_ += name.size() + value.size();
    if (added_ > most_headers)
      return credentials_error(
          fmt::format("The credentials make more than {} bytes of headers", most_headers));
    draft_.headers.set(name, value);
    return std::nullopt;
  }

  static CallError unsendable(std::string_view header) {
    return credentials_error(fmt::format(
        "A credential holds characters that cannot be sent (blanks at its ends, line ends, or "
        "letters outside ASCII?); it would go into '{}'",
        header));
  }

  const AuthScheme& scheme_;
  const CredentialFields& parameters_;
  const CredentialFields& fields_;
  RequestDraft& draft_;
  Show show_;
  std::size_t added_ = 0;  // bytes of headers
};

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

std::string json_escaped(std::string_view text) {
  Clear out;
  out.text.reserve(6 * text.size() + 2);  // of which nothing takes more
  append_json_string(out.text, text);
  return out.text.substr(1, out.text.size() - 2);
}

}  // namespace

Result<const AuthScheme*, CallError> choose_scheme(const Definition& definition,
                                                   std::string_view asked,
                                                   const CredentialFields& fields) {
  if (definition.schemes.size() == 1) return &definition.schemes.front();
  if (!asked.empty()) {
    if (const AuthScheme* const scheme = definition.find_scheme(asked)) return scheme;
    std::vector<std::string> names;
    for (const AuthScheme& scheme : definition.schemes) names.push_back(scheme.name);
    return credentials_error(fmt::format("Unknown auth scheme '{}'. Available schemes: {}{}", asked,
                                         fmt::join(names, ", "), did_you_mean(asked, names)));
  }
  std::vector<const AuthScheme*> best;
  for (const AuthScheme& scheme : definition.schemes) {
    if (!fits(scheme, fields)) continue;
    if (!best.empty() && scheme.required.size() < best.front()->required.size()) continue;
    if (!best.empty() && scheme.required.size() > best.front()->required.size()) best.clear();
    best.push_back(&scheme);
  }
  std::vector<std::string> given;
  for (const auto& [name, value] : fields)
    if (!value.empty()) given.push_back(name);
  if (best.empty() || given.empty())
    return credentials_error(
        fmt::format("Credentials do not match any auth scheme. Provided keys: {}. Available "
                    "schemes: {}",
                    quoted_list(given), described(definition)));
  if (best.size() > 1) {
    std::vector<std::string> names;
    for (const AuthScheme* const scheme : best) names.push_back(scheme->name);
    return credentials_error(fmt::format(
        "Credentials match several auth schemes: {}. Name the one to use", fmt::join(names, ", ")));
  }
  return best.front();
}

Result<CredentialFields, CallError> auth_parameters(const AuthScheme& scheme,
                                                    const CredentialFields& fields,
                                                    const TokenState& tokens) {
  CredentialFields parameters;
  const bool renewed = scheme.kind == AuthScheme::Kind::oauth2;
  for (const auto& [name, form] : scheme.mapping) {
    // What was obtained since replaces what the user gave at first.
    if (renewed && ((name == "access_token" && !tokens.access_token.empty()) ||
                    (name == "refresh_token" && !tokens.refresh_token.empty())))
      continue;
    auto value = fill(scheme, form, fields);
    if (!value) return std::move(value).error();
    if (*value) parameters.emplace(name, Secret((*value)->text));
  }
  if (renewed && !tokens.access_token.empty())
    parameters.emplace("access_token", tokens.access_token.duplicate());
  if (renewed && !tokens.refresh_token.empty())
    parameters.emplace("refresh_token", tokens.refresh_token.duplicate());
  return parameters;
}

Result<std::vector<Secret>, CallError> authorize(const AuthScheme& scheme,
                                                 const CredentialFields& parameters,
                                                 const CredentialFields& fields,
                                                 RequestDraft& draft, Instant now) {
  Authorizer authorizer(scheme, parameters, fields, draft, Show::secrets);
  if (auto error = authorizer.run(now)) return *std::move(error);
  return std::move(authorizer.used);
}

std::optional<CallError> authorize_masked(const AuthScheme& scheme,
                                          const CredentialFields& parameters,
                                          const CredentialFields& fields, RequestDraft& draft,
                                          Instant now) {
  const auto mask = [](const CredentialFields& from) {
    CredentialFields out;
    for (const auto& [name, value] : from)
      out.emplace(name, value.empty() ? Secret() : Secret(mask_text));
    return out;
  };
  const CredentialFields masked_parameters = mask(parameters), masked_fields = mask(fields);
  return Authorizer(scheme, masked_parameters, masked_fields, draft, Show::masks).run(now);
}

std::vector<Secret> all_secrets(const CredentialFields& fields, const TokenState& tokens) {
  std::vector<Secret> secrets;
  for (const auto& field : fields) secrets.push_back(field.second.duplicate());
  secrets.push_back(tokens.access_token.duplicate());
  secrets.push_back(tokens.refresh_token.duplicate());
  return secrets;
}

std::string masked(std::string text, const std::vector<Secret>& secrets, std::string_view mask) {
  constexpr std::size_t least = 8;
  for (const Secret& secret : secrets) {
    if (secret.size() < least) continue;
    const Clear value{std::string(secret.reveal())};
    const Clear forms[] = {
        Clear(value.text),
        Clear(to_base64(value.text)),
        Clear(to_base64url(value.text)),
        Clear(percent_encode(value.text)),
        Clear(fairlead::form_encode(value.text)),
        Clear(json_escaped(value.text)),
        Clear(to_hex(value.text)),
    };
    for (const Clear& form : forms) replace_all(text, form.text, mask);
  }
  return text;
}

}  // namespace fairlead::connector
