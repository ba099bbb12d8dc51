// Checks that stacks survive the death of server and keeper. Each round sends
// random requests, kills server or keeper with SIGKILL, at a random moment or
// at a chosen point in the code, and compares the kernel, the API and the
// events with each other.
//
//   tools/bazel run //tools/chaos -- --rounds=500
//
// The same seed makes the same choices; their timing depends on the machine.
// Exits with 0 if everything was as expected. Otherwise exits with 1, prints
// the problems, and keeps the data directory.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/chaos/bystanders.h"
#include "tools/chaos/checks.h"
#include "tools/chaos/driver.h"
#include "tools/chaos/ledger.h"
#include "tools/chaos/plan.h"
#include "tools/chaos/subreaper.h"

ABSL_FLAG(int, rounds, 50, "How many rounds.");
ABSL_FLAG(uint64_t, seed, 0, "Seed of all choices; 0: taken from the clock.");
ABSL_FLAG(std::string, server, "server/server_with_faults",
          "The binary under test.");
ABSL_FLAG(bool, cgroups, true, "Whether the server may use cgroups.");
ABSL_FLAG(bool, verbose, false, "Print the plan of each round.");
ABSL_FLAG(absl::Duration, recovery_timeout, absl::Seconds(30),
          "How long the server may take after a round until the API shows the "
          "desired counts.");
ABSL_FLAG(
    absl::Duration, patience, absl::Seconds(2),
    "How long the kernel may then still show processes that just start or "
    "end.");

namespace tallyman::chaos {
namespace {

constexpr int kRoundsPerLine = 10;

// A new temporary directory; "" if it can't be made.
std::string MakeDirectory() {
  std::string parent = "/tmp";
  for (const char* const name : {"TMPDIR", "TEST_TMPDIR"}) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet.
    const char* const value = std::getenv(name);
    if (value != nullptr && value[0] == '/') parent = value;
  }
  std::string path = absl::StrCat(parent, "/chaos.XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return "";
  // The server gives its keeper the canonical path.
  std::error_code error;
  return std::filesystem::canonical(path, error).string();
}

void PrintCounts(const Driver& driver, absl::Duration took) {
  const Counts& counts = driver.counts();
  const EventLedger& ledger = driver.ledger();
  const auto line = [](std::string_view name, int64_t number) {
    std::cout << absl::StreamFormat("  %-40s %8d\n", name, number);
  };
  std::cout << "\n" << absl::StreamFormat("  %-40s %8s\n", "counted", "number");
  line("rounds", counts.rounds);
  for (const auto& [victim, number] : counts.victims) {
    line(absl::StrCat("rounds that killed: ", victim), number);
  }
  for (const auto& [point, fault] : counts.faults) {
    line(absl::StrCat("fault ", point, ": rounds"), fault.planned);
    line(absl::StrCat("fault ", point, ": struck"), fault.struck);
  }
  line("instances killed by the driver", counts.instances_killed);
  line("requests taken", counts.taken);
  line("requests cut off", counts.unknown);
  line("requests repeated with their key", counts.repeated);
  line("actions", counts.actions);
  line("actions superseded", counts.actions_superseded);
  line("actions that ended without success", counts.actions_failed);
  line("events", ledger.count());
  line("instances started", ledger.starts());
  line("instances adopted", ledger.adoptions());
  line("instances lost", ledger.losses());
  line("instances that could not start", ledger.start_failures());
  line("ends of instances without a start event", ledger.missing_starts());
  line("cgroups left behind", counts.cgroups_left);
  std::cout << "  longest recovery: "
            << absl::FormatDuration(
                   absl::Trunc(counts.longest_recovery, absl::Milliseconds(1)))
            << ", all: "
            << absl::FormatDuration(absl::Trunc(took, absl::Milliseconds(1)))
            << "\n";
}

Problems RunRounds(Driver& driver, uint64_t seed, int rounds,
                   absl::Time begin) {
  Problems problems = driver.Begin();
  if (!problems.empty()) {
    std::cout << "at the beginning:\n";
    return problems;
  }
  for (int round = 1; round <= rounds; ++round) {
    const Plan plan = MakePlan(seed, round);
    problems = driver.RunRound(plan);
    if (!problems.empty()) {
      std::cout << "with --seed=" << seed << ", in " << Describe(plan) << ":\n";
      return problems;
    }
    if (round % kRoundsPerLine == 0) {
      std::cout << round << " of " << rounds << " rounds after "
                << absl::FormatDuration(absl::Trunc(absl::Now() - begin,
                                                    absl::Milliseconds(100)))
                << ", " << driver.ledger().starts() << " instances started"
                << std::endl;
    }
  }
  problems = driver.End();
  if (!problems.empty()) std::cout << "at the end:\n";
  return problems;
}

int Main() {
  std::error_code error;
  const std::string server =
      std::filesystem::canonical(absl::GetFlag(FLAGS_server), error).string();
  if (error) {
    std::cerr << "--server: \"" << absl::GetFlag(FLAGS_server)
              << "\": " << error.message() << "\n";
    return 1;
  }
  const std::string directory = MakeDirectory();
  if (directory.empty()) {
    std::cerr << "can't make a temporary directory ($TMPDIR, /tmp)\n";
    return 1;
  }
  const absl::Time begin = absl::Now();
  uint64_t seed = absl::GetFlag(FLAGS_seed);
  if (seed == 0) seed = static_cast<uint64_t>(absl::ToUnixMicros(begin));
  const int rounds = absl::GetFlag(FLAGS_rounds);
  std::cout << rounds << " rounds, --seed=" << seed << ", in " << directory
            << std::endl;

  Problems problems;
  {
    Driver driver({.server = server,
                   .directory = directory,
                   .use_cgroups = absl::GetFlag(FLAGS_cgroups),
                   .verbose = absl::GetFlag(FLAGS_verbose),
                   .recovery_timeout = absl::GetFlag(FLAGS_recovery_timeout),
                   .patience = absl::GetFlag(FLAGS_patience)});
    problems = RunRounds(driver, seed, rounds, begin);
    for (const std::string& problem : problems) {
      std::cout << "  " << problem << "\n";
    }
    PrintCounts(driver, absl::Now() - begin);
  }
  if (!problems.empty()) {
    std::cout << "NOT as expected; see " << directory << std::endl;
    return 1;
  }
  std::filesystem::remove_all(directory, error);
  std::cout << "all as expected" << std::endl;
  return 0;
}

}  // namespace
}  // namespace tallyman::chaos

int main(int argc, char** argv) {
  tallyman::chaos::BecomeBystanderIfAsked(argv);
  absl::SetProgramUsageMessage(
      "Kills server and keeper again and again, and checks each time that "
      "the desired instances run, and nothing else.\n\n"
      "  chaos [--rounds=50] [--seed=1] [--server=PATH]");
  absl::ParseCommandLine(argc, argv);
  tallyman::chaos::RunBelowSubreaper();
  return tallyman::chaos::Main();
}
