#include "api/oauth/oauth_form.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;

OAuthForm Parse(std::string_view body) {
  absl::StatusOr<OAuthForm> form = OAuthForm::Parse(body);
  EXPECT_TRUE(form.ok()) << form.status();
  return form.ok() ? *form : OAuthForm();
}

std::string Basic(std::string_view text) {
  return absl::StrCat("Basic ", absl::Base64Escape(text));
}

TEST(OAuthFormTest, ReadsValues) {
  const OAuthForm form =
      Parse("grant_type=client_credentials&scope=public+admin&x=1");
  EXPECT_EQ(form.Get(kGrantType), "client_credentials");
  EXPECT_EQ(form.Get(kScopeName), "public admin");
  EXPECT_EQ(form.Get("x"), "1");
  EXPECT_EQ(form.Get(kTokenName), std::nullopt);
}

TEST(OAuthFormTest, AParameterWithoutAValueIsOmitted) {
  EXPECT_EQ(Parse("scope=").Get(kScopeName), std::nullopt);
  EXPECT_EQ(Parse("scope").Get(kScopeName), std::nullopt);
}

TEST(OAuthFormTest, RefusesParametersThatOccurTwice) {
  for (const std::string_view body :
       {"scope=public&scope=admin", "scope=public&scope=public",
        "scope=&scope=public", "scope&sc%6fpe"}) {
    const absl::Status status = OAuthForm::Parse(body).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << body;
    EXPECT_EQ(status.message(), "scope occurs more than once");
  }
  EXPECT_EQ(OAuthForm::Parse("a%22b=1&a%22b=1").status().message(),
            "a parameter occurs more than once");
}

TEST(ClientCredentialsTest, ComeFromTheHeader) {
  for (const std::string_view form :
       {"", "client_id=client-1", "client_secret="}) {
    const auto read = ReadClientCredentials(Basic("client-1:s"), Parse(form));
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_TRUE(read->has_value());
    EXPECT_EQ((*read)->id, "client-1");
    EXPECT_EQ((*read)->secret.Reveal(), "s");
  }
  // Only the first colon separates; both sides are encoded as in a form.
  const auto read =
      ReadClientCredentials(Basic("a%3Ab+c:d%26:e%2B+"), Parse(""));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->id, "a:b c");
  EXPECT_EQ((*read)->secret.Reveal(), "d&:e+ ");
  EXPECT_TRUE(ReadClientCredentials(
                  absl::StrCat("bASIC ", absl::Base64Escape("a:b")), Parse(""))
                  .ok());
}

TEST(ClientCredentialsTest, ComeFromTheForm) {
  const auto read =
      ReadClientCredentials("", Parse("client_secret=a%2Bb&client_id=c"));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_TRUE(read->has_value());
  EXPECT_EQ((*read)->id, "c");
  EXPECT_EQ((*read)->secret.Reveal(), "a+b");
}

TEST(ClientCredentialsTest, MayBeAbsent) {
  const auto read = ReadClientCredentials("", Parse("client_id=&scope=a"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->has_value());
}

TEST(ClientCredentialsTest, OneWayOnly) {
  const std::string header = Basic("a:b");
  for (const std::string_view form :
       {"client_id=a&client_secret=b", "client_secret=b", "client_id=c"}) {
    EXPECT_EQ(ReadClientCredentials(header, Parse(form)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << form;
  }
}

TEST(ClientCredentialsTest, RefusesMalformedOnes) {
  for (const std::string& header :
       {std::string("Bearer tly_x"), std::string("Basic"),
        std::string("Basic ?"), Basic("nocolon"), std::string("x")}) {
    EXPECT_EQ(ReadClientCredentials(header, Parse("")).status().code(),
              absl::StatusCode::kUnauthenticated)
        << header;
  }
  for (const std::string_view form : {"client_id=a", "client_secret=b"}) {
    const absl::Status status = ReadClientCredentials("", Parse(form)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << form;
    EXPECT_THAT(status.message(), HasSubstr("only one"));
  }
}

}  // namespace
}  // namespace tallyman::api
