#include "base/named_file.hpp"

#include "base/descriptor.hpp"
#include "base/hidden_typing.hpp"
#include "base/owner_only.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace fairlead {
namespace {

constexpr std::size_t most_bytes = 64u << 20;

enum class Readers { anybody, owner_only };

/// What somebody types or pastes is a secret, and has no end that could be seen.
void ask_for(std::string_view what) {
  fmt::print(stderr,
             "Type or paste {} here; it is not shown. Ctrl-D on a line of its own ends it.\n",
             what);
}

Result<Clear> read_file(const std::string& path, std::string_view what, Readers readers) {
  const bool standard_input = path == "-";
  const bool secret = readers == Readers::owner_only;
  const Descriptor opened(standard_input ? -1 : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const int file = standard_input ? STDIN_FILENO : opened.get();
  const auto unreadable = [&] {
    return invalid(fmt::format("cannot read {} '{}': {}", what, path, std::strerror(errno)));
  };
  struct stat status {};
  if (file < 0 || fstat(file, &status) != 0) return unreadable();
  if (secret && !standard_input && S_ISREG(status.st_mode))
    if (auto checked = check_owner_only(what, path, status.st_mode); !checked)
      return std::move(checked).error();
  std::optional<HiddenTyping> hiding;
  if (secret && standard_input) hiding.emplace();
  if (hiding && hiding->is_hidden()) ask_for(what);
  Clear text, piece(std::string(65'536, '\0'));
  for (;;) {
    const auto size = read(file, piece.text.data(), piece.text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return unreadable();
    if (size == 0) break;
    text += std::string_view(piece.text).substr(0, static_cast<std::size_t>(size));
    if (text.text.size() > most_bytes)
      return invalid(fmt::format("{} '{}' has more than {} MiB", what, path, most_bytes >> 20));
  }
  text.text.erase(0, byte_order_mark_at(text.text));
  return text;
}

Result<json::object> parse_object(const std::string& text, std::string_view what) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return invalid(fmt::format("{}: empty, where a JSON object is expected", what));
  return parse_json_object(text, what);
}

}  // namespace

std::size_t byte_order_mark_at(std::string_view text) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  return text.starts_with(mark) ? mark.size() : 0;
}

std::filesystem::path behind_links(std::filesystem::path path) {
  constexpr int most_links = 40;  // as the kernel
  for (int i = 0; i < most_links; ++i) {
    std::error_code is_none;
    const auto target = std::filesystem::read_symlink(path, is_none);
    if (is_none) return path;
    path = path.parent_path() / target;  // an absolute target stands alone
  }
  return path;
}

Result<std::string> read_named_file(const std::string& path, std::string_view what) {
  auto text = read_file(path, what, Readers::anybody);
  if (!text) return std::move(text).error();
  return std::move(text->text);
}

Result<Clear> read_secret_file(const std::string& path, std::string_view what) {
  return read_file(path, what, Readers::owner_only);
}

Result<json::object> read_named_object(std::string_view text, std::string_view flag) {
  if (!text.starts_with('@')) return parse_object(std::string(text), flag);
  const std::string path(text.substr(1));
  const auto content = read_named_file(path, fmt::format("the file of {}", flag));
  if (!content) return content.error();
  return parse_object(*content, fmt::format("{} '{}'", flag, path));
}

Result<json::object> read_secret_object(const std::string& path, std::string_view what) {
  const auto text = read_secret_file(path, what);
  if (!text) return text.error();
  return parse_object(text->text, path == "-" ? what : path);
}

}  // namespace fairlead
