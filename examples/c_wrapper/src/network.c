/*
 * The network: one hidden layer, 8-bit weights, 32-bit sums. The file's layout is described in
 * ../../digits/README.md.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "engine.h"

enum {
  HEADER_SIZE = 36,
  MOST_BYTES = HEADER_SIZE + 4 * (MAX_HIDDEN + CLASSES) + CLASSES * MAX_HIDDEN +
      MAX_HIDDEN * MAX_SQUARE_SIDE * MAX_SQUARE_SIDE
};

struct network {
  uint32_t side;
  uint32_t inputs; /* side * side */
  uint32_t hidden;
  uint32_t shift;
  float scale;            /* probabilities are proportional to exp(score * scale) */
  const int32_t* bias1;   /* hidden; these four point into memory */
  const int32_t* bias2;   /* CLASSES */
  const int8_t* weights1; /* hidden x inputs */
  const int8_t* weights2; /* CLASSES x hidden */
  uint8_t memory[];
};

static uint32_t u32_at(const uint8_t* bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
         (uint32_t)bytes[3] << 24;
}

/* Reads a whole file of at most MOST_BYTES. */
static int read_file(const char* path, uint8_t** content, size_t* size) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) {
    fprintf(stderr, "digits: %s: %s\n", path, strerror(errno));
    return ERR_MODEL_NOT_FOUND;
  }
  int error = 0;
  long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  *content = NULL;
  if (end < 0 || fseek(file, 0, SEEK_SET) != 0) {
    error = ERR_MODEL_NOT_FOUND;
  } else if (end < HEADER_SIZE || end > MOST_BYTES) {
    error = ERR_MODEL_BAD;
  } else {
    *size = (size_t)end;
    *content = malloc(*size);
    if (*content == NULL) {
      error = ERR_NO_MEMORY;
    } else if (fread(*content, 1, *size, file) != *size) {
      error = ERR_MODEL_NOT_FOUND;
    }
  }
  fclose(file);
  return error;
}

/* Fills in everything but memory. Weights are at most 127, inputs 255 and biases 2^30: with the
 * limits on the shape, no sum leaves 32 bits. */
static int parse_header(struct network* network, const uint8_t* content, size_t size) {
  network->side = u32_at(content + 12);
  network->hidden = u32_at(content + 16);
  network->shift = u32_at(content + 24);
  uint32_t scale_bits = u32_at(content + 28);
  memcpy(&network->scale, &scale_bits, sizeof network->scale);
  if (memcmp(content, "AIGDIGIT", 8) != 0 || u32_at(content + 8) != 1 || network->side < 1 ||
      network->side > MAX_SQUARE_SIDE || network->hidden < 1 || network->hidden > MAX_HIDDEN ||
      u32_at(content + 20) != CLASSES || network->shift > 30 ||
      !(network->scale > 0 && network->scale <= 1)) {
    return ERR_MODEL_BAD;
  }
  network->inputs = network->side * network->side;
  size_t expected = HEADER_SIZE + (size_t)4 * (network->hidden + CLASSES) +
                    (size_t)network->hidden * network->inputs + (size_t)CLASSES * network->hidden;
  if (size != expected) return ERR_MODEL_BAD;
  uint32_t checksum = (uint32_t)crc32(0, content + HEADER_SIZE, (uInt)(size - HEADER_SIZE));
  return checksum == u32_at(content + 32) ? 0 : ERR_MODEL_BAD;
}

static int fill_memory(struct network* network, const uint8_t* body, size_t size) {
  uint32_t words = network->hidden + CLASSES;
  int32_t* biases = (int32_t*)network->memory;
  for (uint32_t i = 0; i < words; ++i) {
    biases[i] = (int32_t)u32_at(body + (size_t)4 * i);
    if (biases[i] >= 1 << 30 || biases[i] <= -(1 << 30)) return ERR_MODEL_BAD;
  }
  size_t start = (size_t)4 * words;
  memcpy(network->memory + start, body + start, size - start);
  network->bias1 = biases;
  network->bias2 = biases + network->hidden;
  network->weights1 = (const int8_t*)network->memory + start;
  network->weights2 = network->weights1 + (size_t)network->hidden * network->inputs;
  return 0;
}

int network_load(const char* path, struct network** out) {
  uint8_t* content = NULL;
  size_t size = 0;
  struct network* network = NULL;
  int error = read_file(path, &content, &size);
  if (error == 0) {
    network = malloc(sizeof *network + size);
    error = network == NULL ? ERR_NO_MEMORY : parse_header(network, content, size);
  }
  if (error == 0) error = fill_memory(network, content + HEADER_SIZE, size - HEADER_SIZE);
  free(content);
  if (error != 0) {
    free(network);
    return error;
  }
  *out = network;
  return 0;
}

void network_free(struct network* network) { free(network); }

uint32_t network_side(const struct network* network) { return network->side; }

void network_scores(const struct network* network, const uint8_t* square, int32_t scores[CLASSES]) {
  uint8_t active[MAX_HIDDEN];
  int32_t rounding = (int32_t)((1u << network->shift) >> 1);
  for (uint32_t unit = 0; unit < network->hidden; ++unit) {
    const int8_t* weights = network->weights1 + (size_t)unit * network->inputs;
    int32_t sum = network->bias1[unit];
    for (uint32_t i = 0; i < network->inputs; ++i) sum += (int32_t)weights[i] * square[i];
    int32_t value = sum > 0 ? (sum + rounding) >> network->shift : 0;
    active[unit] = (uint8_t)(value > 255 ? 255 : value);
  }
  for (uint32_t class = 0; class < CLASSES; ++class) {
    const int8_t* weights = network->weights2 + (size_t)class * network->hidden;
    int32_t sum = network->bias2[class];
    for (uint32_t i = 0; i < network->hidden; ++i) sum += (int32_t)weights[i] * active[i];
    scores[class] = sum;
  }
}

void network_rank(const struct network* network, const int32_t scores[CLASSES],
                  struct ranking* ranking) {
  /* Insertion keeps equal scores in the order of their classes. */
  for (int class = 0; class < CLASSES; ++class) {
    int place = class;
    for (; place > 0 && scores[ranking->digit[place - 1]] < scores[class]; --place) {
      ranking->digit[place] = ranking->digit[place - 1];
    }
    ranking->digit[place] = class;
  }
  int64_t best = scores[ranking->digit[0]];
  double weights[CLASSES];
  double total = 0;
  for (int class = 0; class < CLASSES; ++class) {
    weights[class] = exp((double)(scores[class] - best) * (double)network->scale);
    total += weights[class];
  }
  for (int place = 0; place < CLASSES; ++place) {
    ranking->share[place] = weights[ranking->digit[place]] / total;
  }
}
