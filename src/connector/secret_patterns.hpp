// Does a text in a file look like somebody's real secret?
#pragma once

#include <optional>
#include <string_view>

namespace fairlead::connector {

/// What `text` holds ("a GitHub token"), judged by its form; nullopt when nothing of the kind.
/// Texts that are plainly made up (fake, example, xxxx, 0123456789) are nothing of the kind.
std::optional<std::string_view> secret_in(std::string_view text);

/// The same, and a long random text counts when `name` is one of a secret, such as api_token.
std::optional<std::string_view> secret_in(std::string_view name, std::string_view text);

}  // namespace fairlead::connector
