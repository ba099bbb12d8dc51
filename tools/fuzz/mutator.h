// Changes bytes at random, the same way on each machine.

#ifndef TALLYMAN_TOOLS_FUZZ_MUTATOR_H_
#define TALLYMAN_TOOLS_FUZZ_MUTATOR_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace tallyman::fuzz {

// Not thread-safe.
class Mutator {
 public:
  // `corpus` must not be empty. Equal corpora and seeds make equal mutations.
  Mutator(std::vector<std::string> corpus, uint64_t seed)
      : corpus_(std::move(corpus)), random_(seed) {}

  // A file of the corpus with one to four changes: bits, bytes, digits and
  // ranges, and parts of other files.
  std::string Next();

 private:
  // From 0 to `limit` - 1. Not a distribution of <random>, which libraries
  // implement differently.
  size_t Below(size_t limit) { return random_() % limit; }

  void Change(std::string& bytes);

  const std::vector<std::string> corpus_;
  std::mt19937_64 random_;
};

}  // namespace tallyman::fuzz

#endif  // TALLYMAN_TOOLS_FUZZ_MUTATOR_H_
