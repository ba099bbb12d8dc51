// Requests that are made to cost much or to confuse, against the binary itself:
// each gets a clear error, and the server goes on.

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "tools/harness/http_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HostileTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.WaitUntilListening()) << server_.standard_error();
  }

  harness::ClientResponse Ask(std::string_view method, std::string_view target,
                              std::string_view type,
                              std::string_view body) const {
    return harness::HttpClient(server_.port())
        .Request(method, target,
                 {absl::StrCat("Authorization: Bearer ", server_.shown_token()),
                  absl::StrCat("Content-Type: ", type)},
                 body);
  }
  harness::ClientResponse Get(std::string_view target) const {
    return harness::HttpClient(server_.port())
        .Get(target, server_.shown_token());
  }
  void ExpectAlive() const { EXPECT_EQ(Get("/readyz").status, 200); }

  const platform::TempDirectory directory_;
  harness::ServerProcess server_{
      {absl::StrCat("--data_dir=", directory_.path())}};
};

TEST_F(HostileTest, DeepJson) {
  for (const std::string_view open : {"[", "{\"a\":"}) {
    std::string body;
    for (int i = 0; i < 100000; ++i) body.append(open);
    EXPECT_EQ(Ask("POST", "/stacks", "application/json", body).status, 400);
  }
  ExpectAlive();
}

TEST_F(HostileTest, HugeNumbers) {
  for (const std::string_view number :
       {"1e400", "-1e400", "99999999999999999999999", "1e-400",
        "0.1e1000000"}) {
    const harness::ClientResponse response =
        Ask("POST", "/stacks", "application/json",
            absl::StrCat(
                "{\"name\":\"s\",\"processes\":[{\"name\":\"p\",\"command\":"
                "\"x\",\"max\":",
                number, "}]}"));
    EXPECT_EQ(response.status, 400) << number;
  }
  ExpectAlive();
}

TEST_F(HostileTest, TenThousandParameters) {
  std::string form = "a=1";
  for (int i = 0; i < 10000; ++i) absl::StrAppend(&form, "&p", i, "=", i);
  EXPECT_THAT(Ask("POST", "/stacks/none/processes",
                  "application/x-www-form-urlencoded", form)
                  .status,
              testing::AnyOf(400, 404));
  std::string query = "/server/processes?limit=1";
  while (query.size() < 8000) query.append("&a");
  EXPECT_THAT(Get(query).status, testing::AnyOf(200, 400));
  ExpectAlive();
}

TEST_F(HostileTest, ContradictoryParameters) {
  EXPECT_EQ(Get("/server/processes?limit=-1").status, 400);
  EXPECT_EQ(Get("/server/processes?limit=99999999999999999999").status, 400);
  EXPECT_EQ(Get("/server/processes?sort=name&sort=%00").status, 400);
  EXPECT_EQ(Get("/server/processes?sort=name&sort=name").status, 200);
  ExpectAlive();
}

TEST_F(HostileTest, ExpressionsThatCostMemory) {
  for (const std::string_view expression :
       {"((((x{100}){100}){100}){100}", "(x{1000}){1000}", "[", "(?P<n>",
        "%5Cp%7BNone%7D"}) {
    EXPECT_EQ(Get(absl::StrCat("/server/processes?name=", expression)).status,
              400)
        << expression;
  }
  ExpectAlive();
}

TEST_F(HostileTest, StrangePaths) {
  for (const std::string_view path :
       {"//", "/..", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
        "/stacks/%00/processes", "/stacks/%c0%af", "/stacks/..%2f..",
        "/server/processes/../processes", "/%zz", "/stacks/%F0%9F%98%80"}) {
    const harness::ClientResponse response = Get(path);
    EXPECT_THAT(response.status, testing::AnyOf(400, 404)) << path;
    EXPECT_THAT(response.body, Not(HasSubstr("root:")));
  }
  // The log stays one valid line an event.
  EXPECT_TRUE(server_.WaitForLog("/stacks/"));
  ExpectAlive();
}

TEST_F(HostileTest, LongTokens) {
  const auto status_of = [&](size_t size) {
    return harness::HttpClient(server_.port())
        .Request(
            "GET", "/server/processes",
            {absl::StrCat("Authorization: Bearer ", std::string(size, 'x'))})
        .status;
  };
  EXPECT_EQ(status_of(8000), 401);
  EXPECT_EQ(status_of(1 << 20), 431);
  ExpectAlive();
}

}  // namespace
}  // namespace tallyman::server
