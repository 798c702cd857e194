#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_UTF8_TEXTS_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_UTF8_TEXTS_H_

#include <initializer_list>
#include <string>
#include <vector>

namespace muster::worker::websocket {

// Texts for tests: what is UTF-8, and what only looks like it.
inline std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

// The word kosme in Greek: 11 bytes, of which the second letter has three.
inline constexpr char kKosme[] = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

// Those of one section of Autobahn's 6, in their order; most are of Markus Kuhn's decoder test.
struct Utf8Group {
  int section;
  bool is_valid;
  std::vector<std::string> texts;
};

inline std::vector<Utf8Group> Utf8Groups() {
  std::string continuations;
  for (int byte = 0x80; byte <= 0xbe; ++byte) continuations += Bytes({byte});
  const auto lonely = [](int first, int last) {
    std::string text;
    for (int byte = first; byte <= last; ++byte) text += Bytes({byte, ' '});
    return text;
  };
  const std::vector<std::string> cut = {
      Bytes({0xc0}),
      Bytes({0xe0, 0x80}),
      Bytes({0xf0, 0x80, 0x80}),
      Bytes({0xf8, 0x80, 0x80, 0x80}),
      Bytes({0xfc, 0x80, 0x80, 0x80, 0x80}),
      Bytes({0xdf}),
      Bytes({0xef, 0xbf}),
      Bytes({0xf7, 0xbf, 0xbf}),
      Bytes({0xfb, 0xbf, 0xbf, 0xbf}),
      Bytes({0xfd, 0xbf, 0xbf, 0xbf, 0xbf}),
  };
  std::string all_cut;
  for (const std::string& text : cut) all_cut += text;
  std::vector<std::string> paired;
  for (const int high : {0xa080, 0xadbf, 0xae80, 0xafbf}) {
    for (const int low : {0xb080, 0xbfbf}) {
      paired.push_back(Bytes({0xed, high >> 8, high & 0xff, 0xed, low >> 8, low & 0xff}));
    }
  }
  std::vector<std::string> nothing;  // U+nFFFE, U+nFFFF
  for (int plane = 0; plane <= 16; ++plane) {
    for (const int last : {0xbe, 0xbf}) {
      nothing.push_back(plane == 0
                            ? Bytes({0xef, 0xbf, last})
                            : Bytes({0xf0 | plane >> 2, 0x8f | (plane & 3) << 4, 0xbf, last}));
    }
  }
  std::vector<std::string> specials;
  for (int last = 0xb9; last <= 0xbf; ++last) specials.push_back(Bytes({0xef, 0xbf, last}));
  return {
      {5,
       true,
       {"hello\x24world", "hello\xC2\xA2world", "hello\xE2\x82\xACworld",
        "hello\xF0\xA4\xAD\xA2world", kKosme}},
      {7,
       true,
       {std::string(1, '\0'), Bytes({0xc2, 0x80}), Bytes({0xe0, 0xa0, 0x80}),
        Bytes({0xf0, 0x90, 0x80, 0x80})}},
      {8,
       false,
       {Bytes({0xf8, 0x88, 0x80, 0x80, 0x80}), Bytes({0xfc, 0x84, 0x80, 0x80, 0x80, 0x80})}},
      {9,
       true,
       {Bytes({0x7f}), Bytes({0xdf, 0xbf}), Bytes({0xef, 0xbf, 0xbf}),
        Bytes({0xf4, 0x8f, 0xbf, 0xbf})}},
      {10,
       false,
       {Bytes({0xf7, 0xbf, 0xbf, 0xbf}), Bytes({0xfb, 0xbf, 0xbf, 0xbf, 0xbf}),
        Bytes({0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf})}},
      {11,
       true,
       {Bytes({0xed, 0x9f, 0xbf}), Bytes({0xee, 0x80, 0x80}), Bytes({0xef, 0xbf, 0xbd}),
        Bytes({0xf4, 0x8f, 0xbf, 0xbf})}},
      {12,
       false,
       {Bytes({0x80}), Bytes({0xbf}), Bytes({0x80, 0xbf}), Bytes({0x80, 0xbf, 0x80}),
        Bytes({0x80, 0xbf, 0x80, 0xbf}), Bytes({0x80, 0xbf, 0x80, 0xbf, 0x80}),
        Bytes({0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf}), continuations}},
      {13,
       false,
       {lonely(0xc0, 0xdf), lonely(0xe0, 0xef), lonely(0xf0, 0xf7), lonely(0xf8, 0xfb),
        lonely(0xfc, 0xfd)}},
      {14, false, cut},
      {15, false, {all_cut}},
      {16, false, {Bytes({0xfe}), Bytes({0xff}), Bytes({0xfe, 0xfe, 0xff, 0xff})}},
      {17,
       false,
       {Bytes({0xc0, 0xaf}), Bytes({0xe0, 0x80, 0xaf}), Bytes({0xf0, 0x80, 0x80, 0xaf}),
        Bytes({0xf8, 0x80, 0x80, 0x80, 0xaf}), Bytes({0xfc, 0x80, 0x80, 0x80, 0x80, 0xaf})}},
      {18,
       false,
       {Bytes({0xc1, 0xbf}), Bytes({0xe0, 0x9f, 0xbf}), Bytes({0xf0, 0x8f, 0xbf, 0xbf}),
        Bytes({0xf8, 0x87, 0xbf, 0xbf, 0xbf}), Bytes({0xfc, 0x83, 0xbf, 0xbf, 0xbf, 0xbf})}},
      {19,
       false,
       {Bytes({0xc0, 0x80}), Bytes({0xe0, 0x80, 0x80}), Bytes({0xf0, 0x80, 0x80, 0x80}),
        Bytes({0xf8, 0x80, 0x80, 0x80, 0x80}), Bytes({0xfc, 0x80, 0x80, 0x80, 0x80, 0x80})}},
      {20,
       false,
       {Bytes({0xed, 0xa0, 0x80}), Bytes({0xed, 0xad, 0xbf}), Bytes({0xed, 0xae, 0x80}),
        Bytes({0xed, 0xaf, 0xbf}), Bytes({0xed, 0xb0, 0x80}), Bytes({0xed, 0xbe, 0x80}),
        Bytes({0xed, 0xbf, 0xbf})}},
      {21, false, paired},
      {22, true, nothing},
      {23, true, specials},
  };
}

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_UTF8_TEXTS_H_
