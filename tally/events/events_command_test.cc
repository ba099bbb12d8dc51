// The real program shows and follows the audit log.

#include <csignal>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

TEST(EventsCommandTest, ShowsTheNewestOldestFirst) {
  TallyServer server;
  server.MakeStack("shop", "web: exec sleep 1000\n");
  server.MakeStack("other", "web: exec sleep 1000\n");
  EXPECT_THAT(server.Run({"events"}).output,
              HasSubstr("stack_created      shop"));
  const TallyResult last = server.Run({"events", "-n", "1"});
  EXPECT_THAT(last.output, HasSubstr("other"));
  EXPECT_THAT(last.output, Not(HasSubstr("shop")));
  const TallyResult one =
      server.Run({"events", "-s", "shop", "--kind", "stack_created", "--json"});
  EXPECT_EQ(Json::parse(one.output)["event"], "stack_created");
  EXPECT_EQ(server.Run({"events", "--since", "1h", "--kind", "stack_created"})
                .output.size(),
            server.Run({"events", "--kind", "stack_created"}).output.size());
  EXPECT_EQ(server.Run({"events", "--since", "2099-01-01T00:00:00Z"}).output,
            "");
  EXPECT_EQ(server.Run({"events", "--since", "soon"}).code, 2);
  EXPECT_EQ(server.Run({"events", "--kind", "nothing"}).code, 2);
  EXPECT_EQ(server.Run({"events", "-n", "x"}).code, 2);
  EXPECT_EQ(server.Run({"events", "-s", "nothing"}).code, 4);
}

TEST(EventsCommandTest, FollowsOverAKilledServerOnceEach) {
  TallyServer server;
  server.MakeStack("a", "web: exec sleep 1000\n");
  const std::unique_ptr<TallyProcess> tally =
      server.Start({"events", "-f", "--kind", "stack_created", "--json"});
  ASSERT_TRUE(tally->WaitForOutput("\"a\\\""));
  server.MakeStack("b", "web: exec sleep 1000\n");
  ASSERT_TRUE(tally->WaitForOutput("\"b\\\""));
  server.Kill();
  ASSERT_TRUE(tally->WaitForError("trying to connect again"));
  server.Start();
  server.MakeStack("c", "web: exec sleep 1000\n");
  ASSERT_TRUE(tally->WaitForOutput("\"c\\\""));
  tally->Signal(SIGINT);
  EXPECT_EQ(tally->Wait(), 130);
  int64_t last = 0;
  int count = 0;
  for (const std::string_view line :
       absl::StrSplit(tally->output(), '\n', absl::SkipEmpty())) {
    const int64_t id = Json::parse(line)["id"];
    EXPECT_GT(id, last);
    last = id;
    ++count;
  }
  EXPECT_EQ(count, 3);
}

TEST(EventsCommandTest, EndsWithItsReader) {
  TallyServer server;
  const std::unique_ptr<TallyProcess> tally = server.Start({"events", "-f"});
  server.MakeStack("a", "web: exec sleep 1000\n");
  ASSERT_TRUE(tally->WaitForOutput("stack_created"));
  tally->CloseOutput();
  server.MakeStack("b", "web: exec sleep 1000\n");
  EXPECT_EQ(tally->Wait(), 0) << tally->error();
}

}  // namespace
}  // namespace tallyman::tally
