#ifndef MUSTER_CONFIG_SYNTAX_TEXT_MISTAKE_H_
#define MUSTER_CONFIG_SYNTAX_TEXT_MISTAKE_H_

#include <cstddef>
#include <string>

namespace muster::config {

// What is wrong at one place of a configuration's text.
struct TextMistake {
  std::size_t offset = 0;  // in bytes
  std::string field;       // "http.location[2].path"; empty: no field in particular
  std::string problem;
};

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SYNTAX_TEXT_MISTAKE_H_
