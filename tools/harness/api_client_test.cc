#include "tools/harness/api_client.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tools/harness/scripted_server.h"

namespace tallyman::harness {
namespace {

using Answers = ScriptedServer::Answers;

std::string Answer(int status, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

TEST(ApiClientTest, SaysWhetherARequestMayHaveHadItsEffect) {
  int closed_port = 0;
  {
    ScriptedServer server(
        {Answers{Answer(200, R"({"response":{"id":7}})"), Answer(409, "no"),
                 Answer(503, "later"), Answer(200, "{}"), ""}});
    closed_port = server.port();
    ApiClient client(server.port(), "t");
    const absl::StatusOr<int64_t> taken = client.DeleteStack("s");
    ASSERT_TRUE(taken.ok()) << taken.status();
    EXPECT_EQ(*taken, 7);
    EXPECT_TRUE(absl::IsFailedPrecondition(client.DeleteStack("s").status()));
    EXPECT_TRUE(absl::IsUnknown(client.DeleteStack("s").status()));
    EXPECT_TRUE(absl::IsInternal(client.DeleteStack("s").status()));
    // The connection is closed while the client waits for the answer.
    EXPECT_TRUE(absl::IsUnknown(client.DeleteStack("s").status()));
  }
  EXPECT_TRUE(absl::IsUnavailable(
      ApiClient(closed_port, "t").DeleteStack("s").status()));
}

TEST(ApiClientTest, ConnectsAnewAfterAnError) {
  ScriptedServer server({Answers{""}, Answers{Answer(200, "ok")}});
  ApiClient client(server.port(), "t");
  EXPECT_FALSE(client.Get("/healthz").ok());
  EXPECT_EQ(*client.Get("/healthz"), "ok");
}

TEST(ApiClientTest, ReadsNewActionsFromAllPages) {
  ScriptedServer server(
      {Answers{Answer(200, R"({"response":[
          {"id":9,"action":"scale","finished_at":null},
          {"id":8,"action":"scale","finished_at":"x",
           "finished_success":true,"finished_message":"done"}],
          "pagination":{"next":"/2"}})"),
               Answer(200, R"({"response":[{"id":8},{"id":7},{"id":6}],
          "pagination":{"next":"/3"}})")}});
  ApiClient client(server.port(), "t");
  const absl::StatusOr<std::vector<ApiAction>> actions =
      client.Actions("s", /*after=*/6);
  ASSERT_TRUE(actions.ok()) << actions.status();
  ASSERT_EQ(actions->size(), 3u);
  EXPECT_EQ((*actions)[0].id, 7);
  EXPECT_EQ((*actions)[1].id, 8);
  EXPECT_TRUE((*actions)[1].has_ended);
  EXPECT_TRUE((*actions)[1].success);
  EXPECT_EQ((*actions)[1].message, "done");
  EXPECT_EQ((*actions)[2].id, 9);
  EXPECT_FALSE((*actions)[2].has_ended);
}

}  // namespace
}  // namespace tallyman::harness
