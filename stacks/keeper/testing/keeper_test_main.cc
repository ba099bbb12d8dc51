// main() of tests that are their own keeper program.

#include <sys/prctl.h>

#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/keeper/daemon.h"

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == tallyman::stacks::kKeeperArgument) {
    return tallyman::stacks::KeeperMain(argc, argv);
  }
  testing::InitGoogleMock(&argc, argv);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return EXIT_FAILURE;
  return RUN_ALL_TESTS();
}
