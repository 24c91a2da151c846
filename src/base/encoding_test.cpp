#include "base/encoding.hpp"

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/suggestion.hpp"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

TEST(Encoding, Base64VectorsOfRfc4648) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
}

TEST(Encoding, RefusesWhatIsNotCanonical) {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Z g=", "====", "Zg==\n"})
    EXPECT_FALSE(from_base64(text)) << text;
  for (const char* text : {"Zg==", "Zh", "+/8", "A"}) EXPECT_FALSE(from_base64url(text)) << text;
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(percent_decode("%2"));
  EXPECT_FALSE(percent_decode("%zz"));
}

TEST(Encoding, PercentAndFormEncodingKeepOnlyUnreserved) {
  EXPECT_EQ(percent_encode("a b/c:~é*"), "a%20b%2Fc%3A~%C3%A9%2A");
  EXPECT_EQ(form_encode("a b+[x]"), "a+b%2B%5Bx%5D");
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
}

TEST(Encoding, Utf8) {
  EXPECT_TRUE(is_valid_utf8("aé€😀"));
  for (const char* text : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"})
    EXPECT_FALSE(is_valid_utf8(text));
  EXPECT_EQ(mended_utf8("aé€😀"), "aé€😀");
  EXPECT_EQ(mended_utf8("a\xffé\xe2\x82z\xc3"),
            "a\xef\xbf\xbdé\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd");
  EXPECT_EQ(utf8_prefix("é€a", 2), 5u);
  EXPECT_EQ(utf8_prefix("ab", 5), 2u);
}

TEST(Digest, Sha256AndHmacVectors) {
  EXPECT_EQ(to_hex(bytes_of(sha256("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      to_hex(bytes_of(hmac_sha256("Jefe", "what do ya want for nothing?"))),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");  // RFC 4231, case 2
}

TEST(Ids, OnlyUuidsAreIds) {
  EXPECT_TRUE(ConnectorId::parse("6F3B8A52-1C47-4E0B-9D6A-2A5E7C1F9B04"));
  EXPECT_EQ(ConnectorId::parse("6F3B8A52-1C47-4E0B-9D6A-2A5E7C1F9B04")->str(),
            "6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04");
  for (const char* text : {"", "6f3b8a52", "6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b0g",
                           "6f3b8a521c474e0b9d6a2a5e7c1f9b04xxxx"})
    EXPECT_FALSE(ConnectorId::parse(text)) << text;
  EXPECT_NE(ConnectorId::random(), ConnectorId::random());
}

TEST(Suggestion, NearNamesAreOfferedAndFarOnesAreNot) {
  const std::vector<std::string> valid = {"issues", "issue_comments", "pull_requests"};
  EXPECT_EQ(did_you_mean("isues", valid), "; did you mean 'issues'?");
  EXPECT_EQ(did_you_mean("Pull-Requests", valid), "; did you mean 'pull_requests'?");
  EXPECT_EQ(did_you_mean("zebra", valid), "");
  EXPECT_EQ(what_else("isues", valid, "it has"), "; did you mean 'issues'?");
  EXPECT_EQ(what_else("zebra", {"a", "b"}, "it has"), "; it has a, b");
  EXPECT_EQ(what_else("zebra", {}, "it has"), "; it has none");
}

}  // namespace
}  // namespace fairlead
