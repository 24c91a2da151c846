#include "sandbox/oauth_provider.hpp"

#include "base/encoding.hpp"
#include "sandbox/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace fairlead::sandbox {
namespace {

constexpr std::chrono::seconds code_lifetime{60}, page_lifetime{600};
constexpr std::size_t most_codes = 1'000, most_access_tokens = 16, most_refresh_tokens = 64;

/// A secret that names where to look it up: hat_17_....
std::string numbered_secret(std::string_view prefix, std::uint64_t number) {
  return fmt::format("{}{}_{}", prefix, number, to_base64url(random_bytes(24)));
}

std::optional<std::uint64_t> number_in(std::string_view secret, std::string_view prefix) {
  if (!secret.starts_with(prefix)) return std::nullopt;
  secret.remove_prefix(prefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(secret.data(), secret.data() + secret.size(), number);
  if (error != std::errc() || end == secret.data() + secret.size() || *end != '_')
    return std::nullopt;
  return number;
}

template <class Table>
auto find_number(Table& table, std::string_view secret, std::string_view prefix) {
  const auto number = number_in(secret, prefix);
  return number ? table.find(*number) : table.end();
}

template <class Tokens>
auto find_hash(Tokens& tokens, std::string_view secret) {
  const Sha256 hash = sha256(secret);
  return std::find_if(tokens.begin(), tokens.end(), [&](const auto& token) {
    return equal_in_constant_time(bytes_of(token.hash), bytes_of(hash));
  });
}

std::string_view scope_of(bool may_write) { return may_write ? "read write" : "read"; }

/// Whether the scope asks for writing; nullopt for a scope that does not exist. Without one:
/// reading.
std::optional<bool> reads_as_writing(std::string_view scope) {
  bool may_write = false;
  while (!scope.empty()) {
    const std::size_t end = std::min(scope.find(' '), scope.size());
    const std::string_view word = scope.substr(0, end);
    if (word == "write")
      may_write = true;
    else if (!word.empty() && word != "read")
      return std::nullopt;
    scope.remove_prefix(std::min(end + 1, scope.size()));
  }
  return may_write;
}

std::string value_of(const Form& form, std::string_view name) {
  const std::string* value = form.find(name);
  return value ? *value : std::string();
}

/// A loopback address without its port, since applications cannot know theirs beforehand.
std::string without_loopback_port(const std::string& uri) {
  for (const std::string_view host : {"http://127.0.0.1", "http://[::1]", "http://localhost"}) {
    if (!uri.starts_with(host) || uri.size() == host.size() || uri[host.size()] != ':') continue;
    const std::size_t end = uri.find_first_not_of("0123456789", host.size() + 1);
    return std::string(host) + (end == std::string::npos ? "" : uri.substr(end));
  }
  return uri;
}

bool may_redirect(const OAuthClient& client, const std::string& uri) {
  return net::is_header_value(uri) &&
         std::any_of(client.redirect_uris.begin(), client.redirect_uris.end(),
                     [&](const std::string& known) {
                       return uri == known || without_loopback_port(uri) == known;
                     });
}

bool is_verifier(std::string_view text) {
  return text.size() >= 43 && text.size() <= 128 && percent_encode(text) == text;
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  return escaped;
}

net::Response page(int status, std::string_view title, std::string_view content,
                   std::string_view form_targets = "'none'") {
  net::Response answer = html_answer(
      status,
      fmt::format(
          "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n"
          "<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh auto;"
          "padding:0 1rem}}button{{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}}"
          "</style>\n<h1>{0}</h1>\n{1}\n</html>\n",
          title, content));
  answer.headers.add("Content-Security-Policy",
                     fmt::format("default-src 'none'; style-src 'unsafe-inline'; form-action {}; "
                                 "frame-ancestors 'none'",
                                 form_targets));
  answer.headers.add("Cache-Control", "no-store");
  answer.headers.add("Referrer-Policy", "no-referrer");
  return answer;
}

net::Response redirect(const std::string& uri,
                       std::vector<std::pair<std::string_view, std::string>> parameters) {
  std::string location = uri;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    location += location.find('?') == std::string::npos ? '?' : '&';
    location += fmt::format("{}={}", name, form_encode(value));
  }
  return {302, {{"Location", std::move(location)}, {"Cache-Control", "no-store"}}};
}

std::string origin_of(const std::string& uri) {
  const std::size_t host = uri.find("://");
  return uri.substr(0, host == std::string::npos ? uri.size() : uri.find('/', host + 3));
}

[[noreturn]] void refuse_oauth(std::string code, std::string message, int status = 400) {
  throw Refused({status, std::move(code), std::move(message)});
}

/// RFC 6749, sections 5.1 and 5.2.
template <class Work>
net::Response token_answer(Work work) {
  net::Response answer;
  try {
    answer = json_answer(200, work());
  } catch (const Refused& refused) {
    const Problem& problem = refused.problem();
    answer = json_answer(problem.status,
                         {{"error", problem.code}, {"error_description", problem.message}});
    if (problem.status == 401) answer.headers.add("WWW-Authenticate", "Basic realm=\"harbor\"");
  }
  answer.headers.add("Cache-Control", "no-store");
  answer.headers.add("Pragma", "no-cache");
  return answer;
}

Form read_form(const net::Request& request) {
  const std::string* type = request.headers.find("Content-Type");
  if (!type ||
      !net::same_header(type->substr(0, type->find(';')), "application/x-www-form-urlencoded"))
    refuse_oauth("invalid_request", "send application/x-www-form-urlencoded");
  auto form = Form::parse(request.body);
  if (!form) refuse_oauth("invalid_request", "the body is no form");
  if (const std::string* twice = form->repeated())
    refuse_oauth("invalid_request", fmt::format("{} stands twice", *twice));
  return *std::move(form);
}

}  // namespace

/// An authorization request that may be put before the user.
struct OAuthProvider::Asked {
  std::string client_id, redirect_uri, state, challenge;
  bool may_write = false;
  Instant expires;
  std::string error = {};  ///< to be told to the application instead
};

OAuthProvider::OAuthProvider(const Options& options, const Seal& seal)
    : clients_(options.oauth_clients),
      lifetime_(options.access_token_lifetime),
      policy_(options.refresh),
      most_grants_(std::max<std::size_t>(1, options.limits.grants)),
      seal_(seal) {}

const OAuthClient* OAuthProvider::find_client(std::string_view id) const {
  const auto client = std::find_if(clients_.begin(), clients_.end(),
                                   [&](const OAuthClient& one) { return one.id == id; });
  return client == clients_.end() ? nullptr : &*client;
}

OAuthProvider::Asked OAuthProvider::read_authorization(const Form& query, Instant now) const {
  if (const std::string* twice = query.repeated())
    refuse(400, "invalid_request", fmt::format("{} stands twice", *twice));
  Asked asked{value_of(query, "client_id"),
              value_of(query, "redirect_uri"),
              value_of(query, "state"),
              value_of(query, "code_challenge"),
              false,
              now + page_lifetime};
  const OAuthClient* client = find_client(asked.client_id);
  if (!client) refuse(400, "invalid_client", "There is no such application.");
  if (!may_redirect(*client, asked.redirect_uri))
    refuse(400, "invalid_redirect_uri", "The application has not registered this redirect_uri.");

  const auto may_write = reads_as_writing(value_of(query, "scope"));
  if (value_of(query, "response_type") != "code")
    asked.error = "unsupported_response_type";
  else if (asked.challenge.size() != 43 || value_of(query, "code_challenge_method") != "S256")
    asked.error = "invalid_request";
  else if (!may_write)
    asked.error = "invalid_scope";
  asked.may_write = may_write.value_or(false);
  return asked;
}

net::Response OAuthProvider::consent_page(const Form& query, Instant now) const {
  Asked asked;
  try {
    asked = read_authorization(query, now);
  } catch (const Refused& refused) {
    return page(400, "This does not work", fmt::format("<p>{}</p>", escape_html(refused.what())));
  }
  if (!asked.error.empty())
    return redirect(asked.redirect_uri, {{"error", asked.error}, {"state", asked.state}});
  const json::object request{{"client", asked.client_id}, {"redirect", asked.redirect_uri},
                             {"state", asked.state},      {"challenge", asked.challenge},
                             {"write", asked.may_write},  {"until", to_rfc3339(asked.expires)}};
  const std::string content = fmt::format(
      "<p><strong>{}</strong> wants to {} the customers, orders, tickets and files of Harbor "
      "Outfitters.</p>\n<form method=\"post\" action=\"/oauth/authorize\">\n"
      "<input type=\"hidden\" name=\"request\" value=\"{}\">\n"
      "<button name=\"decision\" value=\"allow\">Allow</button>"
      "<button name=\"decision\" value=\"deny\">Deny</button>\n</form>",
      escape_html(find_client(asked.client_id)->name), asked.may_write ? "read and change" : "read",
      seal_.seal("consent", json::serialize(request)));
  return page(200, "Connect to Harbor", content,
              fmt::format("'self' {}", origin_of(asked.redirect_uri)));
}

net::Response OAuthProvider::decide(const net::Request& request, std::string_view origin,
                                    Instant now) {
  const Form form = read_form(request);
  const auto sealed = seal_.open("consent", value_of(form, "request"));
  if (!sealed)
    return page(400, "This does not work", "<p>This is no answer to a page of ours.</p>");
  const json::object request_made = json::parse(*sealed).as_object();
  const auto text = [&](std::string_view name) {
    return std::string(view(request_made.at(name).as_string()));
  };
  const Asked asked{text("client"),
                    text("redirect"),
                    text("state"),
                    text("challenge"),
                    request_made.at("write").as_bool(),
                    now};
  if (text("until") <= to_rfc3339(now))
    return page(400, "Too late", "<p>This page has ended; begin again in the application.</p>");
  if (value_of(form, "decision") != "allow")
    return redirect(
        asked.redirect_uri,
        {{"error", "access_denied"}, {"state", asked.state}, {"iss", std::string(origin)}});
  return redirect(
      asked.redirect_uri,
      {{"code", new_code(asked, now)}, {"state", asked.state}, {"iss", std::string(origin)}});
}

std::string OAuthProvider::new_code(const Asked& asked, Instant now) {
  std::erase_if(codes_, [&](const auto& entry) { return entry.second.expires <= now; });
  if (codes_.size() >= most_codes) codes_.erase(codes_.begin());
  const std::uint64_t number = next_code_++;
  std::string code = numbered_secret("hac_", number);
  codes_[number] = {sha256(code),    asked.client_id, asked.redirect_uri,
                    asked.challenge, asked.may_write, now + code_lifetime};
  return code;
}

const OAuthClient& OAuthProvider::authenticate_client(const net::Request& request,
                                                      const Form& form) const {
  std::string id = value_of(form, "client_id"), secret = value_of(form, "client_secret");
  if (const std::string* header = request.headers.find("Authorization")) {
    const std::size_t blank = std::min(header->find(' '), header->size());
    const auto pair =
        net::same_header(header->substr(0, blank), "basic")
            ? from_base64(std::string_view(*header).substr(std::min(blank + 1, header->size())))
            : std::nullopt;
    const std::size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos)
      refuse_oauth("invalid_client", "the Authorization header is not Basic", 401);
    if (!secret.empty())
      refuse_oauth("invalid_request", "the client proves itself twice: by header and by body");
    // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
    id = percent_decode(pair->substr(0, colon), true).value_or("");
    secret = percent_decode(pair->substr(colon + 1), true).value_or("");
  }
  const OAuthClient* client = find_client(id);
  if (!client || !equal_in_constant_time(client->secret, secret))
    refuse_oauth("invalid_client", "client_id and client_secret are not those of an application",
                 401);
  return *client;
}

net::Response OAuthProvider::token(const net::Request& request, Instant now) {
  return token_answer([&]() -> json::object {
    const Form form = read_form(request);
    const OAuthClient& client = authenticate_client(request, form);
    const std::string grant_type = value_of(form, "grant_type");
    if (grant_type == "authorization_code") return spend_code(client, form, now);
    if (grant_type == "refresh_token") return spend_refresh_token(client, form, now);
    refuse_oauth("unsupported_grant_type",
                 "grant_type must be authorization_code or refresh_token");
  });
}

json::object OAuthProvider::spend_code(const OAuthClient& client, const Form& form, Instant now) {
  const std::string secret = value_of(form, "code");
  const auto found = find_number(codes_, secret, "hac_");
  const bool known = found != codes_.end() &&
                     equal_in_constant_time(bytes_of(found->second.hash), bytes_of(sha256(secret)));
  if (!known || found->second.client_id != client.id)
    refuse_oauth("invalid_grant", "the code is not known");
  Code& code = found->second;
  if (code.grant) {  // somebody has seen it: RFC 6749, section 4.1.2
    grants_.erase(*code.grant);
    refuse_oauth("invalid_grant", "the code was used before; what it gave is revoked");
  }
  if (code.expires <= now) refuse_oauth("invalid_grant", "the code has expired");
  if (value_of(form, "redirect_uri") != code.redirect_uri)
    refuse_oauth("invalid_grant", "redirect_uri is not the one of the code");
  const std::string verifier = value_of(form, "code_verifier");
  if (!is_verifier(verifier) || to_base64url(bytes_of(sha256(verifier))) != code.challenge)
    refuse_oauth("invalid_grant", "code_verifier does not fit the code_challenge");

  const std::uint64_t number = new_grant(client.id, code.may_write);
  code.grant = number;
  std::string access = new_access_token(number, code.may_write, now);
  return answer_of(std::move(access), new_refresh_token(number), code.may_write);
}

json::object OAuthProvider::spend_refresh_token(const OAuthClient& client, const Form& form,
                                                Instant now) {
  const std::string secret = value_of(form, "refresh_token");
  const auto found = find_number(grants_, secret, "hrt_");
  if (found == grants_.end() || found->second.client_id != client.id)
    refuse_oauth("invalid_grant", "the refresh token is not known");
  Grant& grant = found->second;
  const auto token = find_hash(grant.refresh, secret);
  if (token == grant.refresh.end()) refuse_oauth("invalid_grant", "the refresh token is not known");

  const bool graced = policy_.rotation == RefreshPolicy::Rotation::grace && token->replaced &&
                      now < *token->replaced + policy_.grace;
  if (token->replaced && !graced) {  // two hold it, and one of them is a thief: RFC 9700, 4.14.2
    grants_.erase(found);
    refuse_oauth("invalid_grant", "the refresh token was used before; the whole grant is revoked");
  }
  bool may_write = grant.may_write;
  if (const std::string* scope = form.find("scope")) {
    const auto asked = reads_as_writing(*scope);
    if (!asked || (*asked && !grant.may_write))
      refuse_oauth("invalid_scope", "the scope is more than was granted");
    may_write = *asked;
  }
  std::optional<std::string> next;
  if (policy_.rotation != RefreshPolicy::Rotation::none) {
    if (!token->replaced) token->replaced = now;
    next = new_refresh_token(found->first);
  }
  return answer_of(new_access_token(found->first, may_write, now), std::move(next), may_write);
}

net::Response OAuthProvider::revoke(const net::Request& request, Instant now) {
  return token_answer([&]() -> json::object {
    const Form form = read_form(request);
    const OAuthClient& client = authenticate_client(request, form);
    const std::string secret = value_of(form, "token");
    if (secret.empty()) refuse_oauth("invalid_request", "token is required");
    const auto of_refresh = find_number(grants_, secret, "hrt_");
    if (of_refresh != grants_.end() && of_refresh->second.client_id == client.id &&
        find_hash(of_refresh->second.refresh, secret) != of_refresh->second.refresh.end())
      grants_.erase(of_refresh);
    const auto of_access = find_number(grants_, secret, "hat_");
    if (of_access != grants_.end() && of_access->second.client_id == client.id) {
      auto& tokens = of_access->second.access;
      const auto token = find_hash(tokens, secret);
      if (token != tokens.end()) token->expires = now;
    }
    return {};  // also for a token that is not known: RFC 7009, section 2.2
  });
}

std::optional<Grantee> OAuthProvider::authenticate(std::string_view access_token,
                                                   Instant now) const {
  const auto found = find_number(grants_, access_token, "hat_");
  if (found == grants_.end()) return std::nullopt;
  const auto token = find_hash(found->second.access, access_token);
  if (token == found->second.access.end() || token->expires <= now) return std::nullopt;
  return Grantee{fmt::format("grant {}", found->first), found->second.client_id, token->may_write};
}

Tokens OAuthProvider::grant(std::string_view client_id, Instant now) {
  const OAuthClient* client = find_client(client_id);
  if (!client) throw Failure(not_found("there is no such OAuth client"));
  const std::uint64_t number = new_grant(client->id, true);
  std::string access = new_access_token(number, true, now);
  return {std::move(access), new_refresh_token(number)};
}

std::uint64_t OAuthProvider::new_grant(std::string client_id, bool may_write) {
  if (grants_.size() >= most_grants_) grants_.erase(grants_.begin());
  const std::uint64_t number = next_grant_++;
  grants_[number] = {std::move(client_id), may_write, {}, {}};
  return number;
}

std::string OAuthProvider::new_access_token(std::uint64_t number, bool may_write, Instant now) {
  auto& tokens = grants_.at(number).access;
  std::erase_if(tokens, [&](const AccessToken& token) { return token.expires <= now; });
  if (tokens.size() >= most_access_tokens) tokens.erase(tokens.begin());
  std::string secret = numbered_secret("hat_", number);
  tokens.push_back({sha256(secret), now + lifetime_, may_write});
  return secret;
}

std::string OAuthProvider::new_refresh_token(std::uint64_t number) {
  auto& tokens = grants_.at(number).refresh;
  if (tokens.size() >= most_refresh_tokens) tokens.erase(tokens.begin());
  std::string secret = numbered_secret("hrt_", number);
  tokens.push_back({sha256(secret), std::nullopt});
  return secret;
}

json::object OAuthProvider::answer_of(std::string access_token,
                                      std::optional<std::string> refresh_token,
                                      bool may_write) const {
  json::object answer{{"access_token", access_token},
                      {"token_type", "Bearer"},
                      {"expires_in", lifetime_.count()},
                      {"scope", scope_of(may_write)}};
  if (refresh_token) answer["refresh_token"] = *refresh_token;
  return answer;
}

}  // namespace fairlead::sandbox
