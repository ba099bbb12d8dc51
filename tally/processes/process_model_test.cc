#include "tally/processes/process_model.h"

#include <cmath>
#include <string_view>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "tally/processes/process_record.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kSnapshot =
    R"({"time":"2026-11-22T00:10:10.000+01:00","processes":[
      {"pid":1,"start_time":"a","cpu_seconds":1.0,"name":"one"},
      {"pid":2,"start_time":"b","cpu_seconds":2.0,"name":"two"},
      {"pid":3,"start_time":"c","cpu_seconds":3.0,"name":"three"}]})";

const ProcessRecord* Find(ProcessModel& model, int pid) {
  for (const ProcessRecord& record : model.records()) {
    if (IntegerOf(record, "pid") == pid) return &record;
  }
  return nullptr;
}

TEST(ProcessModelTest, ADifferenceChangesTheList) {
  ProcessModel model;
  ASSERT_TRUE(model.Apply("snapshot", kSnapshot).ok());
  EXPECT_TRUE(std::isnan(Find(model, 1)->cpu));
  const absl::Status status = model.Apply("difference", R"(
      {"time":"2026-11-22T00:10:12.000+01:00",
       "entered":[{"pid":2,"start_time":"B","cpu_seconds":0.0}],
       "changed":[{"pid":1,"start_time":"a","cpu_seconds":2.0},
                  {"pid":3,"start_time":"other","name":"no"}],
       "gone":[{"pid":2,"start_time":"b"},{"pid":9,"start_time":"x"}]})");
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(model.records().size(), 3U);
  EXPECT_DOUBLE_EQ(Find(model, 1)->cpu, 0.5);
  EXPECT_EQ(TextOf(*Find(model, 1), "name"), "one");
  EXPECT_EQ(TextOf(*Find(model, 2), "start_time"), "B");
  EXPECT_TRUE(std::isnan(Find(model, 2)->cpu));
  EXPECT_EQ(TextOf(*Find(model, 3), "name"), "three");
  EXPECT_DOUBLE_EQ(Find(model, 3)->cpu, 0);
}

TEST(ProcessModelTest, ASecondSnapshotKeepsTheShares) {
  ProcessModel model;
  ASSERT_TRUE(model.Apply("snapshot", kSnapshot).ok());
  ASSERT_TRUE(model
                  .Apply("snapshot",
                         R"({"time":"2026-11-22T00:10:14.000+01:00",
      "processes":[{"pid":1,"start_time":"a","cpu_seconds":2.0},
                   {"pid":2,"start_time":"new","cpu_seconds":9.0}]})")
                  .ok());
  ASSERT_EQ(model.records().size(), 2U);
  EXPECT_DOUBLE_EQ(Find(model, 1)->cpu, 0.25);
  EXPECT_TRUE(std::isnan(Find(model, 2)->cpu));
}

TEST(ProcessModelTest, RefusesWhatTheServerDoesNotWrite) {
  for (
      const std::string_view data :
      {"", "[]", "{}", R"({"time":5})",
       R"({"time":"2026-11-22T00:10:10.000+01:00","processes":5})",
       R"({"time":"2026-11-22T00:10:10.000+01:00","processes":[{"pid":1}]})"}) {
    ProcessModel model;
    EXPECT_FALSE(model.Apply("snapshot", data).ok()) << data;
    EXPECT_FALSE(model.Apply("difference", data).ok()) << data;
    EXPECT_TRUE(model.Apply("unknown", data).ok());
  }
}

}  // namespace
}  // namespace tallyman::tally
