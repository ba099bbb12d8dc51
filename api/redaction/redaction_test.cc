#include "api/redaction/redaction.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_view_literals;

const Redactor& Default() {
  static const Redactor& redactor =
      *Redactor::Create(DefaultSecretNames())->release();
  return redactor;
}

TEST(RedactorTest, HidesValuesOfArguments) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"db\0--password=hunter2"sv, "db --password=***"},
      {"db\0--password\0hunter2\0-v"sv, "db --password *** -v"},
      {"db\0--password\0two words\0-v"sv, "db --password *** -v"},
      {"db\0--password=two words\0-v"sv, "db --password=*** -v"},
      {"db\0-password\0x"sv, "db -password ***"},
      {"app\0token=abc"sv, "app token=***"},
      {"app\0--api_key=abc\0--api-key\0abc\0apikey=abc"sv,
       "app --api_key=*** --api-key *** apikey=***"},
      {"app\0--client-secret=abc\0--secret\0abc"sv,
       "app --client-secret=*** --secret ***"},
      {"env\0AWS_SECRET_ACCESS_KEY=abc\0SECRET_KEY_BASE=abc\0run"sv,
       "env AWS_SECRET_ACCESS_KEY=*** SECRET_KEY_BASE=*** run"},
      {"app\0DB_PASS=abc\0--PassWord=abc"sv, "app DB_PASS=*** --PassWord=***"},
      {"app\0--passphrase:abc"sv, "app --passphrase:***"},
      {"app\0pass=abc\0pwd=abc\0auth=abc"sv, "app pass=*** pwd=*** auth=***"},
      {"db\0--password\0-abc\0-v"sv, "db --password *** -v"},
  };
  for (const auto& [arguments, line] : expected) {
    EXPECT_EQ(Default().CommandLine(arguments), line);
  }
}

TEST(RedactorTest, HidesValuesInsideLongerArguments) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"sh\0-c\0mysql --password=x y && echo"sv,
       "sh -c mysql --password=*** y && echo"},
      {"sh\0-c\0mysql --password x y"sv, "sh -c mysql --password *** y"},
      {"sh\0-c\0TOKEN='a b' run"sv, "sh -c TOKEN=***"},
      {"sh\0-c\0run TOKEN='a b' now"sv, "sh -c run TOKEN=*** now"},
      {"curl\0-H\0Authorization: Bearer abcdefgh"sv,
       "curl -H Authorization:***"},
      {"sh\0-c\0curl -H 'X: Bearer abcdefgh' url"sv,
       "sh -c curl -H 'X: Bearer ***' url"},
      {"run\0{\"user\":\"a\",\"password\":\"b\"}"sv,
       "run {\"user\":\"a\",\"password\":***"},
      {"run\0{\"password\": \"x\\\"hunter2\", \"a\": 1}"sv,
       "run {\"password\": *** \"a\": 1}"},
      {"mount\0-o\0username=u,pass=hunter2"sv, "mount -o username=u,pass=***"},
      {"sh\0-c\0export PGPASSWORD=pa,hunter2 x"sv,
       "sh -c export PGPASSWORD=*** x"},
      {"sh\0-c\0x --password 'hunter two' -p y"sv,
       "sh -c x --password *** -p y"},
      {"sh\0-c\0x --token \"hunter \\\"two\" y"sv, "sh -c x --token *** y"},
      {"sh\0-c\0x --password 'cut off"sv, "sh -c x --password *** off"},
      {"sh\0-c\0x --password -hunter2 y"sv, "sh -c x --password *** y"},
      {"sh\0-c\0x --token=\"cut off"sv, "sh -c x --token=*** off"},
      {"psql\0postgres://u:p/hunter2@h/db"sv, "psql postgres://u:***@h/db"},
      {"psql\0postgres://u:p@hunter2@h/db"sv, "psql postgres://u:***@h/db"},
      {"psql\0postgres://joe:hunter2@db/x"sv, "psql postgres://joe:***@db/x"},
      {"curl\0http://h/server/processes?token=abc&x=1"sv,
       "curl http://h/server/processes?token=***&x=1"},
      {"curl\0http://h/p?x=1&api_key=abc"sv, "curl http://h/p?x=1&api_key=***"},
      {"worker: token=abc of queue"sv, "worker: token=*** of queue"},
      {"x\0tly_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"sv, "x ***"},
      {"x\0for-tly_0123456789-password:s"sv, "x for-***:***"},
  };
  for (const auto& [arguments, line] : expected) {
    EXPECT_EQ(Default().CommandLine(arguments), line);
  }
}

TEST(RedactorTest, KeepsOtherText) {
  for (const std::string_view line :
       {"", "sleep 100", "app --tokenizer=bpe --bypass=1 --compass x",
        "nginx: worker process", "--password", "app --password --verbose",
        "rg password src", "cat /etc/passwd", "app --secretary-count",
        "http://example.com/a:b@c", "key=value", "ssh user@host", "a=b:c"}) {
    std::string arguments(line);
    for (char& c : arguments) {
      if (c == ' ') c = '\0';
    }
    EXPECT_EQ(Default().CommandLine(arguments), line);
  }
}

TEST(RedactorTest, EmptyArgumentsKeepTheirSpaces) {
  EXPECT_EQ(Default().CommandLine("a\0\0b"sv), "a  b");
  EXPECT_EQ(Default().CommandLine("a\0\0--token=b\0\0c"sv),
            "a  --token=***  c");
}

TEST(RedactorTest, AcceptsAnyBytes) {
  EXPECT_EQ(Default().CommandLine("\xff\xfe\0--token=\xff\0\x80"sv),
            "\xff\xfe --token=*** \x80");
}

TEST(RedactorTest, UsesTheGivenNames) {
  const auto redactor = Redactor::Create({"pin"});
  ASSERT_TRUE(redactor.ok());
  EXPECT_EQ((*redactor)->CommandLine("a\0--pin=1\0--password=2"sv),
            "a --pin=*** --password=2");
  EXPECT_TRUE((*redactor)->IsSecretName("PIN"));
  EXPECT_FALSE((*redactor)->IsSecretName("pink"));
}

TEST(RedactorTest, DisabledHidesOnlyTokens) {
  EXPECT_EQ(Redactor::Disabled()->CommandLine("a\0--password=1"sv),
            "a --password=1");
  EXPECT_THAT(Redactor::Disabled()->Text(
                  "/x/tly_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"),
              Not(HasSubstr("tly_")));
}

TEST(RedactorTest, HidesSecretsInText) {
  EXPECT_EQ(Default().Text("GET /server/processes?a=1&token=abc"),
            "GET /server/processes?a=1&token=***");
}

TEST(RedactorTest, ErrorsQuoteTheBadExpression) {
  EXPECT_THAT(Redactor::Create({"ok", "(x"}).status().message(),
              HasSubstr("\"(x\""));
  EXPECT_THAT(Redactor::Create({R"(\Qpassword)"}).status().message(),
              HasSubstr("password"));
  EXPECT_EQ(Redactor::Create({"(x)"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tallyman::api
