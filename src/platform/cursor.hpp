// Cursors that we hand out: opaque to the caller, and good only where they came from.
#pragma once

#include "platform/services.hpp"

#include <string>
#include <string_view>

namespace fairlead::platform {

/// `place` signed for `listing` ("tool-calls", "skills") of the organization.
std::string seal_cursor(const vault::Vault& vault, const OrganizationId& organization,
                        std::string_view listing, std::string_view place);
/// The place. Errors: invalid_input (code `invalid_cursor`).
Result<std::string> open_cursor(const vault::Vault& vault, const OrganizationId& organization,
                                std::string_view listing, std::string_view cursor);

/// Two values in one place, and back.
std::string join_place(std::int64_t number, std::string_view id);
Result<std::pair<std::int64_t, std::string>> split_place(std::string_view place);

}  // namespace fairlead::platform
