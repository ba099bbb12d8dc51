#include "auth/token.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1'600'000'000);

TokenSpec ValidSpec() { return {.name = "deploy", .scopes = Scope::kPublic}; }

// Expects an InvalidArgument whose message starts with the field.
void ExpectInvalid(const TokenSpec& spec, std::string_view field) {
  const absl::Status status = Validate(spec, kNow);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              StartsWith(absl::StrCat(field, " ")));
}

TEST(ScopeTest, AdminIncludesPublicButPublicNotAdmin) {
  const ScopeSet admin = Scope::kAdmin;
  EXPECT_TRUE(admin.Allows(Scope::kAdmin));
  EXPECT_TRUE(admin.Allows(Scope::kPublic));
  EXPECT_FALSE(admin.Contains(Scope::kPublic));
  const ScopeSet reader = Scope::kPublic;
  EXPECT_TRUE(reader.Allows(Scope::kPublic));
  EXPECT_FALSE(reader.Allows(Scope::kAdmin));
  EXPECT_FALSE(ScopeSet().Allows(Scope::kPublic));
}

TEST(ScopeTest, ParsesAndPrintsNames) {
  absl::StatusOr<ScopeSet> both = ParseScopes({"admin", "public", "admin"});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_THAT(both->Names(), ElementsAre("public", "admin"));
  EXPECT_EQ(*both, ScopeSet(Scope::kAdmin).Add(Scope::kPublic));
  EXPECT_TRUE(ParseScopes({})->empty());
}

TEST(ScopeTest, ErrorsNameUnknownNames) {
  for (const char* name : {"root", "Admin", "", "admin "}) {
    const absl::Status status = ParseScopes({"public", name}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("\"", name, "\"")));
  }
}

TEST(ParseScopesTest, ErrorsCutTheName) {
  const absl::Status status = ParseScopes({std::string(100000, 'x')}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_LT(status.message().size(), 200);
}

TEST(ValidateTest, AcceptsValidSpecs) {
  EXPECT_TRUE(Validate(ValidSpec(), kNow).ok());
  TokenSpec spec = ValidSpec();
  spec.hourly_limit = 1;
  spec.daily_limit = kMaxRequestLimit;
  EXPECT_TRUE(Validate(spec, kNow).ok());
}

TEST(ValidateTest, NamesAreCountedInCharacters) {
  TokenSpec spec = ValidSpec();
  for (const char* character : {"x", "ü", "語", "😀"}) {
    spec.name.clear();
    for (int i = 0; i < 100; ++i) spec.name += character;
    EXPECT_TRUE(Validate(spec, kNow).ok()) << character;
    spec.name += character;
    ExpectInvalid(spec, "name");
  }
}

TEST(ValidateTest, RefusesBadNames) {
  // U+202E (right-to-left override), as bytes: a literal one would change how
  // editors show this file.
  const char kOverride[] = {'a', '\xe2', '\x80', '\xae', 'b', '\0'};
  for (const std::string_view name :
       {std::string_view(""), std::string_view(" "), std::string_view(" a"),
        std::string_view("a "), std::string_view("a\nb"),
        std::string_view("a\0b", 3), std::string_view("\x7f"),
        std::string_view("\xc2\x85"),      // C1: next line
        std::string_view("\xe2\x80\xa8"),  // line separator
        std::string_view(kOverride), std::string_view("\xff"),
        std::string_view("\x80"),
        std::string_view("\xc3"),              // truncated
        std::string_view("\xc0\xaf"),          // overlong, two bytes
        std::string_view("\xe0\x80\xaf"),      // overlong, three bytes
        std::string_view("\xed\xa0\x80"),      // a surrogate
        std::string_view("\xf4\x90\x80\x80"),  // past U+10FFFF
        std::string_view("\xc3(")}) {
    TokenSpec spec = ValidSpec();
    spec.name = std::string(name);
    SCOPED_TRACE(absl::CHexEscape(name));
    ExpectInvalid(spec, "name");
  }
}

TEST(ValidateTest, NeedsAScope) {
  TokenSpec spec = ValidSpec();
  spec.scopes = ScopeSet();
  ExpectInvalid(spec, "scopes");
}

TEST(ValidateTest, ExpiryHasToBeInTheFuture) {
  TokenSpec spec = ValidSpec();
  for (const absl::Time past :
       {kNow, kNow - absl::Seconds(1), kNow + absl::Milliseconds(999),
        absl::InfinitePast(), absl::InfiniteFuture(),
        absl::FromUnixSeconds(253402300800)}) {
    spec.expires_at = past;
    ExpectInvalid(spec, "expires_at");
  }
  for (const absl::Time future :
       {kNow + absl::Seconds(1), absl::FromUnixSeconds(253402300799)}) {
    spec.expires_at = future;
    EXPECT_TRUE(Validate(spec, kNow).ok()) << future;
  }
}

TEST(ValidateTest, LimitsHaveARange) {
  TokenSpec spec = ValidSpec();
  for (const int64_t limit : {int64_t{0}, int64_t{-1}, kMaxRequestLimit + 1}) {
    spec.hourly_limit = limit;
    ExpectInvalid(spec, "hourly_limit");
  }
  spec = ValidSpec();
  for (const int64_t limit : {int64_t{-1}, kMaxRequestLimit + 1}) {
    spec.daily_limit = limit;
    ExpectInvalid(spec, "daily_limit");
  }
}

TEST(TokenTest, ATokenWithExpiryEqualToNowIsExpired) {
  Token token = {.expires_at = kNow};
  EXPECT_FALSE(IsValid(token, kNow));
  EXPECT_TRUE(IsValid(token, kNow - absl::Nanoseconds(1)));
  token.expires_at.reset();
  EXPECT_TRUE(IsValid(token, kNow));
  token.revoked_at = kNow + absl::Hours(1);
  EXPECT_FALSE(IsValid(token, kNow));
}

TEST(TokenTest, HasValidAdminChecksScopeAndValidity) {
  const Token admin = {.scopes = Scope::kAdmin};
  const Token reader = {.scopes = Scope::kPublic};
  Token expired = admin;
  expired.expires_at = kNow;
  Token revoked = admin;
  revoked.revoked_at = kNow;
  EXPECT_FALSE(HasValidAdmin({}, kNow));
  EXPECT_FALSE(HasValidAdmin({reader, expired, revoked}, kNow));
  EXPECT_TRUE(HasValidAdmin({reader, expired, revoked, admin}, kNow));
}

TEST(TokenHashTest, IsSha256) {
  // The example "abc" of FIPS 180-2.
  std::string expected;
  ASSERT_TRUE(absl::HexStringToBytes(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      &expected));
  EXPECT_EQ(HashOf("abc").bytes(), expected);
  EXPECT_EQ(*TokenHash::FromBytes(expected), HashOf("abc"));
  EXPECT_FALSE(HashOf("abc") == HashOf("abd"));
}

TEST(TokenHashTest, HasThirtyTwoBytes) {
  EXPECT_FALSE(TokenHash::FromBytes("").ok());
  EXPECT_FALSE(TokenHash::FromBytes(std::string(31, 'x')).ok());
  EXPECT_TRUE(TokenHash::FromBytes(std::string(32, 'x')).ok());
}

TEST(MakeTokenValueTest, HasTheDocumentedForm) {
  absl::StatusOr<Secret> value = MakeTokenValue();
  ASSERT_TRUE(value.ok()) << value.status();
  std::string_view text = value->Reveal();
  EXPECT_EQ(text.size(), kTokenValueSize);
  ASSERT_TRUE(absl::ConsumePrefix(&text, "tly_"));
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(text, &bytes));
  EXPECT_EQ(bytes.size(), 32u);
}

TEST(MakeTokenValueTest, IsDifferentEachTime) {
  EXPECT_FALSE(*MakeTokenValue() == *MakeTokenValue());
}

}  // namespace
}  // namespace tallyman::auth
