// Who the command line is: server, platform credentials, organization, workspace. From flags,
// environment, then a 0600 file.
#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"

#include <optional>
#include <string>

namespace fairlead::cli {

struct Settings {
  std::string server = "http://127.0.0.1:8300";  ///< origin, without path
  std::string client_id;
  Secret client_secret;
  std::string organization_id;
  std::string workspace = "default";
  bool allow_destructive = false;  ///< delete without a terminal to ask on
};

/// $FAIRLEAD_SETTINGS, else $XDG_CONFIG_HOME/fairlead/settings.json, else
/// ~/.config/fairlead/settings.json; empty without any of these variables.
std::string settings_path();

/// The file alone, or the defaults where there is none. Refuses a file that others can read, one
/// that cannot be read, and one that holds something else.
Result<Settings> load_kept();

/// The file, overlaid by the environment. FAIRLEAD_CLIENT_ID, FAIRLEAD_CLIENT_SECRET and
/// FAIRLEAD_ORGANIZATION_ID count together or not at all; FAIRLEAD_SERVER and FAIRLEAD_WORKSPACE
/// alone. The AIRBYTE_ names of the same meaning are read where ours are absent. The secret of the
/// file is for the server of the file: forbidden where the environment names another.
Result<Settings> load_settings();

/// FAIRLEAD_SERVER or AIRBYTE_API_HOST.
std::optional<std::string> server_of_environment();
/// Whether the environment holds platform credentials, which win over those of the file.
bool has_credentials_in_environment();

/// Writes the file, 0600, replacing it in one step; a symbolic link to it stays one.
Result<Done> save_settings(const Settings& settings);

/// Changes one member of the file and leaves the rest as it stands there: what came from the
/// environment is not written.
Result<Done> change_saved(std::string Settings::*member, std::string value);

/// `{client_id, client_secret, organization_id, server?}` as `fairlead init --client-out` writes
/// it; all but the server must be there. Refuses a file that others can read.
Result<Done> read_client_file(const std::string& path, Settings& into);

}  // namespace fairlead::cli
