// End to end: the doctor looks at a real server on this machine.

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

// The findings by the names of checks.
Json FindingsOf(const TallyResult& result) {
  const Json report = Json::parse(result.output, nullptr, false);
  EXPECT_TRUE(report.is_object()) << result.output;
  Json findings;
  if (!report.is_object()) return findings;
  for (const Json& check : report["checks"]) {
    findings[check["check"].get<std::string>()] = check;
  }
  return findings;
}

std::vector<std::string> OfData(const TallyServer& server,
                                std::vector<std::string> more) {
  more.insert(more.begin(),
              {"doctor", "--json", absl::StrCat("--url=", server.url()),
               absl::StrCat("--data-dir=", server.data_dir())});
  return more;
}

TEST(DoctorTest, AServerOfThisMachine) {
  const TallyServer server;
  const TallyResult result = server.Run(OfData(server, {}));
  EXPECT_EQ(result.code, 0) << result.error;
  const Json findings = FindingsOf(result);
  ASSERT_EQ(findings.size(), 15U) << result.output;
  for (const char* const check : {"server", "token", "kernel", "listening",
                                  "data directory", "configuration"}) {
    EXPECT_EQ(findings[check]["result"], "ok") << findings[check];
  }
  for (const char* const check : {"rights", "descriptors", "core files"}) {
    EXPECT_NE(findings[check]["result"], "skipped") << findings[check];
  }
}

TEST(DoctorTest, ListensOnAllInterfacesWithoutTls) {
  const TallyServer server({"--listen=0.0.0.0"});
  const Json findings = FindingsOf(server.Run(OfData(server, {})));
  EXPECT_EQ(findings["listening"]["result"], "problem");
  EXPECT_THAT(findings["listening"]["text"].get<std::string>(),
              HasSubstr("0.0.0.0:"));
}

TEST(DoctorTest, AProblemFailsWithCheckAlone) {
  TallyServer server;
  ASSERT_EQ(chmod(server.data_dir().c_str(), 0755), 0);
  EXPECT_EQ(server.Run(OfData(server, {})).code, 0);
  const TallyResult result = server.Run(OfData(server, {"--check"}));
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(FindingsOf(result)["data directory"]["result"], "problem");
}

TEST(DoctorTest, AServerThatDoesNotRun) {
  TallyServer server;
  server.Kill();
  const Json findings = FindingsOf(server.Run(OfData(server, {})));
  EXPECT_EQ(findings["server"]["result"], "problem");
  EXPECT_EQ(findings["rights"]["result"], "skipped");
  EXPECT_THAT(findings["rights"]["text"].get<std::string>(),
              HasSubstr("no server uses"));
  server.Start();
}

TEST(DoctorTest, ATokenThatIsWrong) {
  const TallyServer server;
  TallyOptions options = {.environment = server.BareEnvironment()};
  options.environment.emplace_back("TALLY_TOKEN=tly_wrong");
  const Json findings = FindingsOf(RunTally(OfData(server, {}), options));
  EXPECT_EQ(findings["server"]["result"], "ok");
  EXPECT_EQ(findings["token"]["result"], "problem");
}

TEST(DoctorTest, ATableForPeople) {
  const TallyServer server;
  const TallyResult plain = server.Run({"doctor"});
  EXPECT_EQ(plain.code, 0) << plain.error;
  EXPECT_THAT(plain.output, HasSubstr("RESULT"));
  EXPECT_THAT(plain.output, Not(HasSubstr("\x1b")));
  EXPECT_THAT(server.RunOnTerminal({"doctor"}, 60).output,
              HasSubstr("\x1b[32mok"));
}

}  // namespace
}  // namespace tallyman::tally
