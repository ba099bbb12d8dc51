#include "tools/fuzz/mutator.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace tallyman::fuzz {
namespace {

TEST(MutatorTest, RepeatsItself) {
  Mutator one({"web: bin/web --port=80", "x"}, 1);
  Mutator same({"web: bin/web --port=80", "x"}, 1);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(one.Next(), same.Next());
}

TEST(MutatorTest, MakesManyInputs) {
  Mutator mutator({"web: bin/web --port=80"}, 1);
  std::set<std::string> inputs;
  for (int i = 0; i < 1000; ++i) inputs.insert(mutator.Next());
  EXPECT_GT(inputs.size(), 800);
}

TEST(MutatorTest, StartsFromNothing) {
  Mutator mutator({""}, 1);
  std::set<std::string> inputs;
  for (int i = 0; i < 1000; ++i) inputs.insert(mutator.Next());
  EXPECT_GT(inputs.size(), 20);
}

}  // namespace
}  // namespace tallyman::fuzz
