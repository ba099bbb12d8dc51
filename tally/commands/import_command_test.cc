#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;

constexpr char kSupervisord[] =
    "[program:web]\n"
    "command=/bin/sleep 1000\n"
    "numprocs=2\n"
    "process_name=%(process_num)d\n"
    "priority=5\n";

TEST(ImportCommandTest, WhatItPrintsIsAStack) {
  TallyServer server;
  const TallyResult imported = RunTally(
      {"import", "--format=supervisord", "--name=shop", "-"},
      {.environment = server.BareEnvironment(), .input = kSupervisord});
  EXPECT_EQ(imported.code, 0) << imported.error;
  EXPECT_THAT(imported.error, HasSubstr("-:5: "));
  EXPECT_THAT(imported.error, HasSubstr("priority"));

  const TallyResult applied =
      RunTally({"stacks", "apply", "-f", "-"},
               {.environment = server.Environment(), .input = imported.output});
  EXPECT_EQ(applied.code, 0) << applied.error;
  EXPECT_THAT(server.Run({"scale"}).output, HasSubstr("web=2"));
}

TEST(ImportCommandTest, JsonAndCheck) {
  const TallyResult result =
      RunTally({"import", "--format=supervisord", "--check", "--json", "-"},
               {.environment = {"HOME=/nonexistent"}, .input = kSupervisord});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.error, "");
  const nlohmann::json json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["definition"]["processes"][0]["name"], "web");
  // The names of the instances, and what has no counterpart.
  ASSERT_EQ(json["notes"].size(), 2U);
  EXPECT_EQ(json["notes"][0]["line"], 4);
  EXPECT_EQ(json["notes"][1]["line"], 5);
  EXPECT_EQ(json["notes"][1]["kind"], "dropped");
}

TEST(ImportCommandTest, AnUnknownFormatIsWrongUsage) {
  const TallyResult result =
      RunTally({"import", "-"},
               {.environment = {"HOME=/nonexistent"}, .input = "\x01\x02"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.error, HasSubstr("--format"));
}

}  // namespace
}  // namespace tallyman::tally
