#include "server/handlers/stack_metrics.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/metrics/metrics_format.h"
#include "api/metrics/metrics_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/metrics_text.h"
#include "server/testing/stack_api.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::server {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

class StackMetricsTest : public testing::Test {
 protected:
  MetricsText Read() {
    api::MetricsWriter writer(api::MetricsFormat::kOpenMetrics);
    WriteStackMetrics(*api_.registry().Snapshot(), *api_.status().Status(),
                      writer);
    WriteActionMetrics(
        *api_.registry().Snapshot(),
        [this](stacks::ActionKind kind) {
          return api_.registry().CountEnded(kind);
        },
        writer);
    MetricsText metrics(std::move(writer).Finish(), /*is_open_metrics=*/true);
    EXPECT_EQ(metrics.error(), "");
    return metrics;
  }

  static LabelMap Labels(std::string_view stack, std::string_view process,
                         std::string_view environment = "production") {
    return {{"stack", std::string(stack)},
            {"environment", std::string(environment)},
            {"process", std::string(process)}};
  }

  static stacks::InstanceStatus Running(int number) {
    return {.number = number,
            .state = stacks::InstanceState::kRunning,
            .pid = 4242,
            .restarts = 9};
  }

  StackApi api_;
};

TEST_F(StackMetricsTest, WithoutStacks) {
  const MetricsText metrics = Read();
  EXPECT_EQ(metrics.Value("tallyman_stacks"), 0);
  EXPECT_EQ(metrics.Value("tallyman_processes", {{"state", "running"}}), 0);
  EXPECT_EQ(metrics.Value("tallyman_actions_open"), 0);
  EXPECT_EQ(metrics.Value("tallyman_actions_ended_total",
                          {{"kind", "Process_scale"}, {"result", "success"}}),
            0);
}

TEST_F(StackMetricsTest, SignalsAreAKindOfAction) {
  const LabelMap labels = {{"kind", "Process_signal"}, {"result", "success"}};
  EXPECT_EQ(Read().Value("tallyman_actions_ended_total", labels), 0);
  const std::string uid = api_.MakeStack("shop");
  // No instance is desired, so the action ends at once.
  EXPECT_EQ(api_.Ask("POST", absl::StrCat("/stacks/", uid,
                                          "/actions?command=process_signal&"
                                          "process_name=web&signal=HUP"))
                .status,
            200);
  EXPECT_EQ(Read().Value("tallyman_actions_ended_total", labels), 1);
}

TEST_F(StackMetricsTest, AProcessHasItsInstancesAndCounts) {
  const std::string uid = api_.MakeStack("shop");
  api_.status().Set(uid, "web", {Running(1), Running(2)},
                    {.restarts = 3, .exits = 4, .start_failures = 5});
  // Of another stack, and of no defined process.
  api_.status().Set("0", "web", {Running(1)});
  api_.status().Set(uid, "gone", {Running(1)});
  const MetricsText metrics = Read();
  const LabelMap web = Labels("shop", "web");
  EXPECT_EQ(metrics.Value("tallyman_stacks"), 1);
  EXPECT_EQ(metrics.Value("tallyman_instances_running", web), 2);
  EXPECT_EQ(metrics.Value("tallyman_instance_restarts_total", web), 3);
  EXPECT_EQ(metrics.Value("tallyman_instance_exits_total", web), 4);
  EXPECT_EQ(metrics.Value("tallyman_instance_start_failures_total", web), 5);
  const LabelMap worker = Labels("shop", "worker");
  EXPECT_EQ(metrics.Value("tallyman_instances_running", worker), 0);
  EXPECT_EQ(metrics.Value("tallyman_instance_exits_total", worker), 0);
  EXPECT_THAT(metrics.WithLabel("process", "web.v2"), Not(IsEmpty()));
  EXPECT_THAT(metrics.WithLabel("process", "gone"), IsEmpty());
}

TEST_F(StackMetricsTest, DesiredIsOfThisServer) {
  const std::string uid = api_.MakeStack("shop");
  ASSERT_TRUE(api_.registry()
                  .Scale({.stack_uid = uid,
                          .process = "web",
                          .counts = {{std::string(StackApi::kHere), 2},
                                     {std::string(StackApi::kThere), 5}}},
                         {.user = "test"})
                  .ok());
  EXPECT_EQ(Read().Value("tallyman_instances_desired", Labels("shop", "web")),
            2);
}

TEST_F(StackMetricsTest, NoLabelIsAPidOrAnInstance) {
  api_.status().Set(api_.MakeStack(), "web", {Running(1)});
  const MetricsText metrics = Read();
  for (const MetricSample& sample : metrics.samples()) {
    for (const auto& [name, value] : sample.labels) {
      EXPECT_THAT((LabelMap{{"stack", ""},
                            {"environment", ""},
                            {"process", ""},
                            {"state", ""},
                            {"kind", ""},
                            {"result", ""}}),
                  testing::Contains(testing::Key(name)));
      EXPECT_NE(value, "4242");
    }
  }
}

TEST_F(StackMetricsTest, NamesOfStacksAreEscaped) {
  api_.MakeStack(R"(a\"b\\c,d=\"e\"} 1)");  // As JSON.
  EXPECT_EQ(Read().Value("tallyman_instances_running",
                         Labels(R"(a"b\c,d="e"} 1)", "web")),
            0);
}

TEST_F(StackMetricsTest, ARemovedStackHasNoSeries) {
  const std::string uid = api_.MakeStack("shop");
  api_.MakeStack("blog");
  api_.status().Set(uid, "web", {Running(1)});
  EXPECT_THAT(Read().WithLabel("stack", "shop"), Not(IsEmpty()));
  const Answer answer = api_.Ask("DELETE", "/stacks/" + uid);
  EXPECT_LT(answer.status, 300) << answer.body;
  const MetricsText while_it_stops = Read();
  EXPECT_EQ(while_it_stops.Value("tallyman_actions_open"), 1);
  EXPECT_THAT(while_it_stops.WithLabel("stack", "shop"), Not(IsEmpty()));
  const auto open = api_.registry().Snapshot()->open;
  ASSERT_EQ(open.size(), 1u);
  std::vector<stacks::TargetOutcome> outcomes;
  for (const stacks::ActionTarget& target : open[0]->targets) {
    outcomes.push_back({.action_id = open[0]->id,
                        .process = target.process,
                        .server_uid = target.server_uid,
                        .success = true,
                        .message = "removed"});
  }
  ASSERT_TRUE(
      api_.registry().ReportOutcomes(outcomes, open[0]->started_at).ok());
  const MetricsText metrics = Read();
  EXPECT_EQ(metrics.Value("tallyman_stacks"), 1);
  EXPECT_THAT(metrics.WithLabel("stack", "shop"), IsEmpty());
  EXPECT_THAT(metrics.WithLabel("stack", "blog"), Not(IsEmpty()));
  EXPECT_EQ(metrics.Value("tallyman_actions_ended_total",
                          {{"kind", "Stack_delete"}, {"result", "success"}}),
            1);
}

}  // namespace
}  // namespace tallyman::server
