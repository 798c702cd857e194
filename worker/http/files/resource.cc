#include "muster/worker/http/files/resource.h"

#include <algorithm>

namespace muster::worker::http {

std::size_t Resource::memory_bytes() const {
  std::size_t bytes = original->memory_bytes();
  for (const auto& file : encoded) bytes += sizeof(file) + file->memory_bytes();
  return bytes;
}

std::size_t Resource::descriptors() const {
  const auto is_open = [](const auto& file) { return !file->is_in_memory(); };
  return static_cast<std::size_t>(is_open(original)) +
         static_cast<std::size_t>(std::count_if(encoded.begin(), encoded.end(), is_open));
}

bool Resource::is_final() const {
  return original->is_final() && std::all_of(encoded.begin(), encoded.end(),
                                             [](const auto& file) { return file->is_final(); });
}

bool Resource::Is(const OpenFile& original_now, const OpenFiles& encoded_now) const {
  return original->Is(original_now) &&
         std::equal(encoded.begin(), encoded.end(), encoded_now.begin(), encoded_now.end(),
                    [](const auto& file, const auto& now) {
                      return file->coding() == now.first && file->Is(*now.second);
                    });
}

Representation* Resource::Select(std::optional<absl::string_view> accept_encoding) const {
  const AcceptEncoding accepts(accept_encoding);
  Representation* selected = nullptr;
  int most = 0;
  for (const auto& file : encoded) {
    const int weight = accepts.WeightOf(file->coding());
    if (weight > most) {
      selected = file.get();
      most = weight;
    }
  }
  return accepts.WeightOf(ContentCoding::kIdentity) > most ? original.get() : selected;
}

}  // namespace muster::worker::http
