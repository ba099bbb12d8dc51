// For tests with real keepers. The test program is its own keeper (see
// keeper_test_main.cc) and a subreaper: what a keeper leaves behind becomes its
// child, so that no test leaves anything behind.

#ifndef TALLYMAN_STACKS_KEEPER_TESTING_KEEPER_FIXTURE_H_
#define TALLYMAN_STACKS_KEEPER_TESTING_KEEPER_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/protocol.h"
#include "storage/testing/temp_directory.h"

namespace tallyman::stacks {

// The program to start keepers with.
inline constexpr char kThisProgram[] = "/proc/self/exe";

// True once one of poll(2)'s `events` is there; false after a long time.
bool Await(int fd, int16_t events);

// What comes out of `fd` until a line or the file ends, without the line's end.
std::string ReadLine(int fd);

// The parent of `pid` as /proc tells it; 0 if there is no such process.
int32_t ParentOf(int32_t pid);

class KeeperTest : public testing::Test {
 protected:
  struct Launched {
    platform::Gate gate;
    base::UniqueFd output;  // What the child writes comes out here.
    platform::ProcessHandle process;
  };

  void SetUp() override;
  // Ends everything that is left. Fails if a keeper doesn't end by itself then,
  // or if there were processes that no test has started.
  void TearDown() override;

  const std::string& directory() const { return directory_; }
  void set_directory(std::string directory) {
    directory_ = std::move(directory);
  }

  // Start a keeper; with `fault` as TALLYMAN_FAULT.
  void Start(const std::string& fault = "");
  // Fails the test and returns null if it can't.
  std::unique_ptr<KeeperClient> Connect();

  // A spec that runs `script` with sh.
  static platform::LaunchSpec Script(const std::string& script);
  // Spawns a child that waits at its gate. Fails the test if that fails.
  std::optional<Launched> Launch(KeeperClient& client,
                                 const std::string& launch,
                                 const platform::LaunchSpec& spec);
  // Launches `script` and releases it.
  std::optional<Launched> Run(KeeperClient& client, const std::string& launch,
                              const std::string& script);

  // The next message; End stands for a broken connection.
  static keeper::Message Next(KeeperClient& client);
  // The wait status that `client` tells next, of `launch`. -1 for anything
  // else.
  static int32_t NextExit(KeeperClient& client, const std::string& launch);

  // Sends SIGKILL and waits for the keeper that was connected to last.
  void KillKeeper();
  // True once the keeper that was connected to last has ended with `status`.
  bool KeeperEnds(int32_t status);
  // True once this process has waited for its child `pid` that ends so.
  static bool ChildEnds(int32_t pid, int32_t status);

 private:
  void ForgetAll();

  const storage::TempDirectory made_directory_;
  std::string directory_ = made_directory_.path();
  std::optional<platform::ProcessHandle> keeper_;
  std::vector<platform::ProcessHandle> launched_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_TESTING_KEEPER_FIXTURE_H_
