#include "server/page/build/gzip.h"

#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include "zopfli.h"

namespace tallyman::page {
namespace {

// More make the page a few bytes smaller.
constexpr int kIterations = 15;

}  // namespace

std::string Gzip(std::string_view text) {
  ZopfliOptions options;
  ZopfliInitOptions(&options);
  options.numiterations = kIterations;
  unsigned char* bytes = nullptr;
  size_t size = 0;
  ZopfliCompress(&options, ZOPFLI_FORMAT_GZIP,
                 reinterpret_cast<const unsigned char*>(text.data()),
                 text.size(), &bytes, &size);
  std::string compressed(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return compressed;
}

}  // namespace tallyman::page
