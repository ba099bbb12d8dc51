// Examples of definition.h, procfile.h and stop_sequence.h.

#include <csignal>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "stacks/model/definition.h"
#include "stacks/model/procfile.h"
#include "stacks/model/stop_sequence.h"

namespace tallyman::stacks {
namespace {

// A stack from a Procfile, each of whose processes gets a minute to stop.
absl::StatusOr<StackDefinition> ReadShop() {
  absl::StatusOr<std::vector<ProcessDefinition>> processes = ParseProcfile(
      "# The shop.\n"
      "web: exec shop --port 8080\n"
      "mailer: exec mailer --queue shop\n");
  if (!processes.ok()) return processes.status();
  absl::StatusOr<StopSequence> patient = StopSequence::Parse("int,60,kill");
  if (!patient.ok()) return patient.status();
  for (ProcessDefinition& process : *processes) {
    process.stop_sequence = *patient;
    process.env["SHOP"] = "test";
    process.instances = 1;
  }
  return StackDefinition{.name = "shop", .processes = *std::move(processes)};
}

TEST(DefinitionExample, ReadsAProcfile) {
  const absl::StatusOr<StackDefinition> shop = ReadShop();
  ASSERT_TRUE(shop.ok()) << shop.status();
  EXPECT_EQ(Validate(*shop), absl::OkStatus());
  const ProcessDefinition* const mailer = shop->Find("mailer");
  ASSERT_NE(mailer, nullptr);
  EXPECT_EQ(mailer->command, "exec mailer --queue shop");
  EXPECT_EQ(mailer->stop_sequence.steps[0].signal, SIGINT);
  EXPECT_EQ(mailer->stop_sequence.TotalWait(), absl::Minutes(1));

  // A change that needs a restart of running instances, and one that does not.
  ProcessDefinition changed = *mailer;
  changed.env["SHOP"] = "production";
  EXPECT_NE(changed.LaunchHash(), mailer->LaunchHash());
  changed = *mailer;
  changed.stop_sequence = StopSequence::Default();
  EXPECT_EQ(changed.LaunchHash(), mailer->LaunchHash());

  // Errors name the line, for the author of the Procfile.
  const absl::Status error = ParseProcfile("web exec shop\n").status();
  EXPECT_TRUE(absl::IsInvalidArgument(error)) << error;
}

}  // namespace
}  // namespace tallyman::stacks
