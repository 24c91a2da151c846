// What is sealed opens at its place and nowhere else; and the root key is where it was, or nothing
// starts.
#include "vault/vault.hpp"

#include "base/encoding.hpp"
#include "store/keys.hpp"
#include "store/organizations.hpp"
#include "support/freed_memory.hpp"
#include "support/temporary_folder.hpp"
#include "vault/seal.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace fairlead::vault {
namespace {

using namespace std::chrono_literals;
using store::Blob;

Instant start() { return *parse_rfc3339("2026-11-22T12:00:00Z"); }

/// A database and a folder for the root key, which outlive the vaults that are opened on them.
class VaultTest : public ::testing::Test {
 protected:
  VaultTest() : database_(store::open_sqlite({.path = ":memory:"})) {
    run_to_end(store::migrate(*database_));
  }

  RootKeyOptions options() const { return {RootKeyProvider::file, folder_.file("root.key")}; }
  std::unique_ptr<Vault> open_vault() {
    return run_to_end(Vault::open(*database_, options(), clock_));
  }
  OrganizationId add_organization(Vault& vault) {
    OrganizationId id = OrganizationId::random();
    run_to_end(database_->write([&](store::Connection& c) {
      store::insert_organization(c, {id, "Acme", start()});
      vault.create_organization_key(c, id);
    }));
    return id;
  }
  void execute(std::string_view sql, std::vector<store::Value> arguments = {}) {
    run_to_end(database_->write(
        [&](store::Connection& c) { (void)c.execute(sql, std::span(arguments)); }));
  }
  store::Rows query(std::string_view sql, std::vector<store::Value> arguments = {}) {
    return run_to_end(
        database_->read([&](store::Connection& c) { return c.query(sql, std::span(arguments)); }));
  }

  fairlead::testing::TemporaryFolder folder_;
  FakeClock clock_{start()};
  std::unique_ptr<store::Database> database_;
};

SecretAddress address_in(const OrganizationId& organization) {
  return {organization, WorkspaceId::random(), ConnectorId::random(), "credentials", 3};
}

/// The code of the Failure that `act` throws; "none" when it throws none.
template <class F>
std::string code_of(F act) {
  try {
    act();
    return "none";
  } catch (const Failure& failure) {
    return failure.error().code.empty() ? failure.error().message : failure.error().code;
  }
}

std::string open_code(Vault& vault, const SecretAddress& address, const Blob& sealed) {
  std::string waited = code_of([&] { (void)run_to_end(vault.open(address, sealed)); });
  // The way without waiting says the same, or that it has to wait.
  if (auto at_once = vault.try_open(address, sealed)) {
    const std::string code = *at_once ? "none" : at_once->error().code;
    EXPECT_EQ(code, waited);
  }
  return waited;
}

TEST_F(VaultTest, WhatIsSealedOpensAtItsPlace) {
  const auto vault = open_vault();
  const OrganizationId organization = add_organization(*vault);
  for (const std::size_t size : {0u, 1u, 17u, 255u, 256u, 257u, 1024u, 100'000u}) {
    const std::string text(size, 'x');
    const SecretAddress address = address_in(organization);
    const Blob sealed = run_to_end(vault->seal(address, Secret(text)));
    EXPECT_EQ(run_to_end(vault->open(address, sealed)).reveal(), text);
    EXPECT_EQ(sealed.bytes.size(), 34 + (size + 255) / 256 * 256) << "the length is hidden";
    EXPECT_EQ(sealed.bytes.find("xxxx"), std::string::npos);
    const Blob again = run_to_end(vault->seal(address, Secret(text)));
    EXPECT_NE(again.bytes.substr(6, 12), sealed.bytes.substr(6, 12)) << "a nonce twice";
  }
  const SecretAddress of_organization{organization, std::nullopt, std::nullopt, "oauth_app", 1};
  const Blob sealed = run_to_end(vault->seal(of_organization, Secret("{}")));
  EXPECT_EQ(run_to_end(vault->open(of_organization, sealed)).reveal(), "{}");
}

TEST_F(VaultTest, TextThatPaddingWouldChangeIsNotSealed) {
  const auto vault = open_vault();
  const OrganizationId organization = add_organization(*vault);
  EXPECT_NE(
      code_of([&] { (void)run_to_end(vault->seal(address_in(organization), Secret("ends in "))); }),
      "none");
}

TEST_F(VaultTest, AlteredBytesAreRefused) {
  const auto vault = open_vault();
  const OrganizationId organization = add_organization(*vault);
  const SecretAddress address = address_in(organization);
  const Blob sealed = run_to_end(vault->seal(address, Secret(R"({"api_key":"canary"})")));
  const std::size_t size = sealed.bytes.size();

  int refused = 0;
  // Format, algorithm, key version, nonce, ciphertext, tag: every byte, one bit and all bits.
  for (std::size_t i = 0; i < size; ++i) {
    for (const int mask : {0x01, 0x80, 0xff}) {
      Blob changed = sealed;
      changed.bytes[i] = static_cast<char>(changed.bytes[i] ^ mask);
      EXPECT_EQ(open_code(*vault, address, changed), crypto_tamper_detected) << "byte " << i;
      ++refused;
    }
  }
  for (std::size_t length = 0; length < size; length += length < 40 ? 1 : 37) {
    EXPECT_EQ(open_code(*vault, address, Blob{sealed.bytes.substr(0, length)}),
              crypto_tamper_detected);
    ++refused;
  }
  for (const std::string& tail : {std::string("x"), std::string(16, '\0'), sealed.bytes}) {
    EXPECT_EQ(open_code(*vault, address, Blob{sealed.bytes + tail}), crypto_tamper_detected);
    ++refused;
  }
  EXPECT_GT(refused, 800);
  EXPECT_EQ(open_code(*vault, address, sealed), "none") << "the valid control";
}

TEST_F(VaultTest, MovedCiphertextIsRefused) {
  const auto vault = open_vault();
  const OrganizationId ours = add_organization(*vault), theirs = add_organization(*vault);
  const SecretAddress home = address_in(ours);
  const Blob sealed = run_to_end(vault->seal(home, Secret("{\"v\":3}")));

  std::vector<std::pair<const char*, SecretAddress>> places;
  const auto place = [&](const char* name, auto change) {
    SecretAddress moved = home;
    change(moved);
    places.emplace_back(name, moved);
  };
  place("another tenant", [&](SecretAddress& a) { a.organization = theirs; });
  place("an unknown tenant", [](SecretAddress& a) { a.organization = OrganizationId::random(); });
  place("another workspace", [](SecretAddress& a) { a.workspace = WorkspaceId::random(); });
  place("no workspace", [](SecretAddress& a) { a.workspace.reset(); });
  place("another row", [](SecretAddress& a) { a.connector = ConnectorId::random(); });
  place("no connector", [](SecretAddress& a) { a.connector.reset(); });
  place("workspace and connector exchanged", [](SecretAddress& a) {
    const std::string workspace = a.workspace->str();
    a.workspace = WorkspaceId::trusted(a.connector->str());
    a.connector = ConnectorId::trusted(workspace);
  });
  place("another slot", [](SecretAddress& a) { a.slot = "access_token"; });
  place("an empty slot", [](SecretAddress& a) { a.slot = ""; });
  place("a newer version", [](SecretAddress& a) { a.version = 4; });
  place("an older version", [](SecretAddress& a) { a.version = 2; });
  place("fields run together", [](SecretAddress& a) {
    a.slot = a.connector->str() + a.slot;
    a.connector.reset();
  });
  for (const auto& [name, address] : places)
    EXPECT_EQ(open_code(*vault, address, sealed), crypto_tamper_detected) << name;

  // An old version put back, where a newer one is expected.
  SecretAddress newer = home;
  newer.version = 4;
  const Blob current = run_to_end(vault->seal(newer, Secret("{\"v\":4}")));
  EXPECT_EQ(open_code(*vault, newer, sealed), crypto_tamper_detected);
  EXPECT_EQ(open_code(*vault, home, current), crypto_tamper_detected);
  // Another row's blob of the very same organization.
  const SecretAddress neighbour = address_in(ours);
  EXPECT_EQ(open_code(*vault, home, run_to_end(vault->seal(neighbour, Secret("{}")))),
            crypto_tamper_detected);
  // An instance secret and an organization's do not open as each other.
  EXPECT_EQ(open_code(*vault, home, vault->seal_instance("credentials", Secret("{}"))),
            crypto_tamper_detected);
  EXPECT_FALSE(vault->open_instance("credentials", sealed));
  EXPECT_EQ(open_code(*vault, home, sealed), "none") << "the valid control";
}

TEST(Keys, LeaveNothingBehind) {
  const Secret key = random_key();
  const std::string bytes(key.reveal()), text = to_base64(bytes);
  const auto path = fairlead::testing::TemporaryFolder();
  const auto use = [&](int file) {
    (void)key_id_of(key);
    (void)derive_key(key, "label");
    ASSERT_TRUE(write_key_text(file, key));
    ASSERT_TRUE(parse_key_text(Secret(text)));
  };
  for (const std::string& form : {bytes, text}) {
    const int file = open(path.file("key-" + to_hex(form)).c_str(), O_WRONLY | O_CREAT, 0600);
    EXPECT_EQ(fairlead::testing::freed_blocks_with(form, [&] { use(file); }), 0);
    close(file);
  }
}

TEST_F(VaultTest, InstanceSecretsAreBoundToTheirName) {
  const auto vault = open_vault();
  const Blob sealed = vault->seal_instance("signing-key/a", Secret("text"));
  EXPECT_EQ(vault->open_instance("signing-key/a", sealed).value().reveal(), "text");
  EXPECT_EQ(vault->open_instance("signing-key/b", sealed).error().code, crypto_tamper_detected);
  for (std::size_t i = 0; i < sealed.bytes.size(); ++i) {
    Blob changed = sealed;
    changed.bytes[i] = static_cast<char>(changed.bytes[i] ^ 4);
    EXPECT_EQ(vault->open_instance("signing-key/a", changed).error().code, crypto_tamper_detected);
  }
  EXPECT_EQ(vault->open_instance("signing-key/a", Blob{}).error().code, crypto_tamper_detected);
}

TEST_F(VaultTest, AlteredOrExchangedKeysAreRefused) {
  OrganizationId a = OrganizationId::random(), b = a;
  std::optional<SecretAddress> address;
  Blob sealed;
  {
    const auto vault = open_vault();
    a = add_organization(*vault);
    b = add_organization(*vault);
    address = address_in(a);
    sealed = run_to_end(vault->seal(*address, Secret("{}")));
  }
  const auto wrapped_of = [&](const OrganizationId& id) {
    return query("SELECT wrapped, key_check, key_id FROM organization_key WHERE org_id = $1",
                 {id.str()})
        .at(0);
  };
  const auto put = [&](const Blob& wrapped, const Blob& check, const std::string& id) {
    execute(
        "UPDATE organization_key SET wrapped = $2, key_check = $3, key_id = $4 WHERE org_id = $1",
        {a.str(), wrapped, check, id});
  };
  const store::Row mine = wrapped_of(a), other = wrapped_of(b);
  const Blob wrapped{mine.bytes(0)}, check{mine.bytes(1)};
  const std::string& id = mine.text(2);

  for (const std::size_t at : {0u, 1u, 2u, 5u, 6u, 17u, 18u, 40u, 50u, 65u}) {
    ASSERT_LT(at, wrapped.bytes.size());
    Blob changed = wrapped;
    changed.bytes[at] = static_cast<char>(changed.bytes[at] ^ 1);
    put(changed, check, id);
    EXPECT_EQ(open_code(*open_vault(), *address, sealed), crypto_tamper_detected)
        << "wrapped key, byte " << at;
  }
  put(Blob{wrapped.bytes.substr(0, 30)}, check, id);
  EXPECT_EQ(open_code(*open_vault(), *address, sealed), crypto_tamper_detected) << "cut";
  put(Blob{other.bytes(0)}, Blob{other.bytes(1)}, other.text(2));
  EXPECT_EQ(open_code(*open_vault(), *address, sealed), crypto_tamper_detected)
      << "another tenant's key";
  put(wrapped, Blob{other.bytes(1)}, id);
  EXPECT_EQ(open_code(*open_vault(), *address, sealed), crypto_tamper_detected) << "its check";
  put(wrapped, check, id);
  EXPECT_EQ(open_code(*open_vault(), *address, sealed), "none") << "the valid control";

  const Blob instance{query("SELECT wrapped FROM instance_key").at(0).bytes(0)};
  for (const std::size_t at : {0u, 1u, 6u, 20u, 60u}) {
    Blob changed = instance;
    changed.bytes[at] = static_cast<char>(changed.bytes[at] ^ 1);
    execute("UPDATE instance_key SET wrapped = $1", {changed});
    EXPECT_EQ(code_of([&] { (void)open_vault(); }), crypto_tamper_detected);
  }
  execute("UPDATE instance_key SET wrapped = $1", {instance});
  execute("UPDATE instance SET deployment_id = $1", {random_uuid()});
  EXPECT_EQ(code_of([&] { (void)open_vault(); }), crypto_tamper_detected) << "another deployment";
}

TEST_F(VaultTest, KeysAreFetchedOnceAndForgottenInTime) {
  const auto vault = open_vault();
  const OrganizationId organization = add_organization(*vault);
  const SecretAddress address = address_in(organization);
  EXPECT_EQ(code_of([&] {
              (void)run_to_end(vault->seal(address_in(OrganizationId::random()), Secret("{}")));
            }),
            "no such organization");
  const Blob sealed = run_to_end(vault->seal(address, Secret("{}")));
  ASSERT_TRUE(vault->try_open(address, sealed));
  clock_.advance(5min);
  EXPECT_TRUE(vault->try_open(address, sealed)) << "used within five minutes";
  clock_.advance(5min + 1s);
  EXPECT_FALSE(vault->try_open(address, sealed)) << "idle";
  EXPECT_EQ(run_to_end(vault->open(address, sealed)).reveal(), "{}");
  for (int i = 0; i < 7; ++i) {
    clock_.advance(4min + 20s);
    EXPECT_EQ(vault->try_open(address, sealed).has_value(), i < 6) << "older than 30 minutes";
  }
  (void)run_to_end(vault->open(address, sealed));
  vault->forget(organization);
  EXPECT_FALSE(vault->try_open(address, sealed));
}

TEST_F(VaultTest, EncryptionsAreCountedInSteps) {
  const auto vault = open_vault();
  const OrganizationId organization = add_organization(*vault);
  const auto seal_once = [&] {
    (void)run_to_end(vault->seal(address_in(organization), Secret("{}")));
  };
  for (int i = 0; i < 4097; ++i) seal_once();
  EXPECT_EQ(run_to_end(vault->status()).most_encryptions, 2 * 4096);
  execute("UPDATE organization_key SET encryptions = $1", {std::int64_t{1} << 30});
  vault->forget(organization);
  EXPECT_NE(code_of(seal_once), "none") << "a key that has sealed 2^30 times seals no more";
}

TEST_F(VaultTest, DerivedKeysDifferByLabelAndStayTheSameOverARestart) {
  const std::string text = "fls_text";
  Sha256 pepper{};
  {
    const auto vault = open_vault();
    pepper = vault->mac(KeyLabel::client_secret_pepper, Secret(text));
    EXPECT_NE(pepper, vault->mac(KeyLabel::opaque_state, text));
    EXPECT_NE(pepper, vault->mac(KeyLabel::client_secret_pepper, Secret("other")));
    EXPECT_EQ(pepper, vault->mac(KeyLabel::client_secret_pepper, text));
  }
  const auto vault = open_vault();
  EXPECT_EQ(pepper, vault->mac(KeyLabel::client_secret_pepper, Secret(text), vault->mac_version()));
  EXPECT_THROW((void)vault->mac(KeyLabel::client_secret_pepper, Secret(text), 9), Failure);
}

TEST_F(VaultTest, ManyThreadsOpenAtOnce) {
  const auto vault = open_vault();
  const OrganizationId a = add_organization(*vault), b = add_organization(*vault);
  const SecretAddress in_a = address_in(a), in_b = address_in(b);
  const Blob sealed_a = run_to_end(vault->seal(in_a, Secret("a")));
  const Blob sealed_b = run_to_end(vault->seal(in_b, Secret("b")));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const bool first = (t + i) % 2 == 0;
        EXPECT_EQ(
            run_to_end(vault->open(first ? in_a : in_b, first ? sealed_a : sealed_b)).reveal(),
            first ? "a" : "b");
        if (i % 100 == 0) vault->forget(first ? a : b);
      }
    });
  for (auto& thread : threads) thread.join();
}

TEST_F(VaultTest, StatusNamesKeysAndNoSecret) {
  const auto vault = open_vault();
  (void)add_organization(*vault);
  const KeyStatus status = run_to_end(vault->status());
  EXPECT_EQ(status.deployment_id, vault->deployment_id());
  EXPECT_EQ(status.root_key_provider, "file");
  EXPECT_EQ(status.root_key_location, options().file.string());
  EXPECT_EQ(status.root_key_id.size(), 16u);
  ASSERT_EQ(status.instance_keys.size(), 1u);
  EXPECT_EQ(status.instance_keys[0].state, "active");
  EXPECT_EQ(status.instance_keys[0].root_key_id, status.root_key_id);
  EXPECT_EQ(status.instance_keys[0].created_at, start());
  EXPECT_EQ(status.organization_keys, 1);
  EXPECT_EQ(status.under_other_root, 0);
}

// --- the root key

class RootKeyTest : public VaultTest {
 protected:
  std::string key_path() const { return folder_.file("root.key"); }
  std::string read_key() const {
    std::ifstream file(key_path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write_key(const std::string& text, mode_t mode = 0600) const {
    std::filesystem::remove(key_path());
    std::ofstream(key_path()) << text;
    chmod(key_path().c_str(), mode);
  }
  void expect_refused(const std::string& name, const std::string& part_of_message = {}) {
    try {
      (void)open_vault();
      ADD_FAILURE() << name << ": was not refused";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.error().code, root_key_unusable) << name;
      EXPECT_NE(failure.error().message.find(part_of_message), std::string::npos)
          << name << ": " << failure.error().message;
    }
  }
};

std::string other_key() { return to_base64(std::string(32, '\x07')) + "\n"; }

TEST_F(RootKeyTest, TheFirstStartMakesTheKeyForItsOwnerOnly) {
  const mode_t before = umask(0);
  {
    const auto vault = open_vault();
    EXPECT_TRUE(vault->is_first_start());
    EXPECT_EQ(vault->root_key_location(), key_path());
  }
  umask(before);
  struct stat info {};
  ASSERT_EQ(stat(key_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(read_key().size(), 45u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1)
      << "nothing but the key stays behind";

  const std::string key = read_key();
  const auto again = open_vault();
  EXPECT_FALSE(again->is_first_start());
  EXPECT_EQ(read_key(), key);
}

TEST_F(RootKeyTest, AKeyBesideAnEmptyDatabaseIsUsed) {
  write_key(other_key());
  EXPECT_TRUE(open_vault()->is_first_start());
  EXPECT_EQ(read_key(), other_key());
}

TEST_F(RootKeyTest, WithoutItsKeyExistingDataIsNotServed) {
  (void)open_vault();
  const std::string key = read_key();
  const std::string id = run_to_end(open_vault()->status()).root_key_id;
  const std::string bare = key.substr(0, 44);

  const auto check = [&](const std::string& name, const std::string& part = {}) {
    expect_refused(name, part);
  };
  std::filesystem::remove(key_path());
  check("missing", id);
  EXPECT_FALSE(std::filesystem::exists(key_path())) << "no second key beside existing data";
  write_key(other_key());
  check("another key", id);
  EXPECT_EQ(read_key(), other_key());
  for (const std::string& text :
       {std::string(), std::string("\n"), bare.substr(0, 40), bare + "AAAA", bare + "\n\n",
        " " + bare, to_base64(std::string(16, 'k')), to_base64(std::string(33, 'k')),
        std::string(32, 'k'), std::string(5000, 'A')}) {
    write_key(text);
    check("wrong length or form: " + std::to_string(text.size()), id);
  }
  for (const mode_t mode : {0644u, 0640u, 0604u, 0660u, 0602u, 0601u, 0610u, 0777u}) {
    write_key(key, mode);
    check("mode " + std::to_string(mode), "chmod 600");
  }
  std::filesystem::remove(key_path());
  std::filesystem::create_directory(key_path());
  check("a folder", "regular file");
  std::filesystem::remove(key_path());
  std::ofstream(folder_.file("elsewhere")) << key;
  chmod(folder_.file("elsewhere").c_str(), 0600);
  std::filesystem::create_symlink(folder_.file("elsewhere"), key_path());
  check("a symbolic link", id);
  std::filesystem::remove(key_path());
  ASSERT_EQ(mkfifo(key_path().c_str(), 0600), 0);
  check("a pipe", "regular file");
  std::filesystem::remove(key_path());

  for (const std::string& good : {key, bare, bare + "\r\n"}) {
    write_key(good, good == bare ? 0400 : 0600);
    EXPECT_FALSE(open_vault()->is_first_start()) << "the valid control";
  }
}

TEST_F(RootKeyTest, AnEmptyDatabaseDoesNotHealAWrongKey) {
  for (const std::string& text : {std::string(), std::string("short"), std::string(32, 'k')}) {
    write_key(text);
    expect_refused("empty database, unusable key");
    EXPECT_EQ(read_key(), text);
  }
  write_key(other_key(), 0644);
  expect_refused("empty database, readable key", "chmod 600");
  EXPECT_TRUE(query("SELECT 1 FROM instance").empty()) << "no row was written";
  const auto in_missing_folder = [&] {
    (void)run_to_end(
        Vault::open(*database_, {RootKeyProvider::file, folder_.file("no/such/root.key")}, clock_));
  };
  EXPECT_EQ(code_of(in_missing_folder), root_key_unusable);
}

TEST_F(RootKeyTest, TheVariableIsReadOnceAndRemoved) {
  const RootKeyOptions from_variable{RootKeyProvider::environment, {}};
  const auto open_from_variable = [&] {
    return run_to_end(Vault::open(*database_, from_variable, clock_));
  };
  unsetenv("FAIRLEAD_ROOT_KEY");
  EXPECT_EQ(code_of([&] { (void)open_from_variable(); }), root_key_unusable);
  setenv("FAIRLEAD_ROOT_KEY", other_key().c_str(), 1);
  EXPECT_TRUE(open_from_variable()->is_first_start());
  EXPECT_EQ(std::getenv("FAIRLEAD_ROOT_KEY"), nullptr);
  EXPECT_EQ(code_of([&] { (void)open_from_variable(); }), root_key_unusable);
  setenv("FAIRLEAD_ROOT_KEY", other_key().substr(0, 44).c_str(), 1);
  EXPECT_FALSE(open_from_variable()->is_first_start());
  EXPECT_FALSE(std::filesystem::exists(key_path()));
}

TEST_F(RootKeyTest, ACredentialOfSystemdIsRead) {
  const RootKeyOptions from_credential{RootKeyProvider::credential, {}};
  const auto open_from_credential = [&] {
    return run_to_end(Vault::open(*database_, from_credential, clock_));
  };
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_EQ(code_of([&] { (void)open_from_credential(); }), root_key_unusable);
  setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1);
  EXPECT_EQ(code_of([&] { (void)open_from_credential(); }), root_key_unusable);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("fairlead-root-key"))) << "not ours to make";
  std::ofstream(folder_.file("fairlead-root-key")) << other_key();
  chmod(folder_.file("fairlead-root-key").c_str(), 0440);
  EXPECT_TRUE(open_from_credential()->is_first_start());
  EXPECT_FALSE(open_from_credential()->is_first_start());
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(RootKeyProviders, HaveNames) {
  for (const char* name : {"file", "credential", "env"})
    EXPECT_EQ(name_of(parse_root_key_provider(name).value()), name);
  for (const char* name : {"", "File", "kms"}) EXPECT_FALSE(parse_root_key_provider(name));
}

TEST_F(RootKeyTest, TwoFirstStartsAtOnceMakeOneDeployment) {
  const auto database = store::open_sqlite({.path = folder_.file("core.db")});
  run_to_end(store::migrate(*database));
  std::array<std::string, 4> deployments;
  std::vector<std::thread> threads;
  for (auto& deployment : deployments)
    threads.emplace_back([&] {
      deployment = run_to_end(Vault::open(*database, options(), clock_))->deployment_id();
    });
  for (auto& thread : threads) thread.join();
  for (const auto& deployment : deployments) EXPECT_EQ(deployment, deployments[0]);
}

}  // namespace
}  // namespace fairlead::vault
