/*
 * What the files of this engine share: error numbers, a picture, the network, a request.
 *
 * picture.c decodes, features.c normalises, network.c classifies, answer.c writes the output;
 * wrapper.c, async.c and session.c are the three ways in which a host asks for that.
 */
#ifndef DIGITS_ENGINE_H
#define DIGITS_ENGINE_H

#include <aiges/wrapper.h>
#include <stddef.h>
#include <stdint.h>

/* The engine's error numbers; wrapperError has a text for each. The Python engine has the same. */
enum {
  ERR_MODEL_NOT_FOUND = 101,
  ERR_MODEL_BAD = 102,
  ERR_BAD_CONFIG = 103,
  ERR_NOT_READY = 104,
  ERR_ALREADY_READY = 105,
  ERR_NO_INPUT = 201,
  ERR_BAD_PARAM = 202,
  ERR_UNKNOWN_FORMAT = 203,
  ERR_BAD_PICTURE = 204,
  ERR_TOO_LARGE = 205,
  ERR_BLANK = 206,
  ERR_SESSION_ENDED = 301,
  ERR_TIMED_OUT = 302,
  ERR_STOPPING = 303,
  ERR_BUSY = 304,
  ERR_NO_MEMORY = 401
};

enum { CLASSES = 10, MAX_SQUARE_SIDE = 64, MAX_HIDDEN = 4096 };

/* Limits on a decoded picture, checked before memory is taken for it. */
enum { MAX_SIDE = 16384, DEFAULT_MAX_PIXELS = 16 * 1024 * 1024, MOST_PIXELS = 1 << 28 };

/* ---- picture.c, png.c, jpeg.c ---- */

/* 8-bit grey, rows top down without padding. grey is the owner's to free(). */
struct picture {
  uint8_t* grey;
  uint32_t width;
  uint32_t height;
  const char* format; /* "png" or "jpeg" */
};

/* Decodes size bytes; on success (0) the caller frees out->grey, on failure it is NULL. */
int picture_decode(const uint8_t* data, size_t size, uint64_t max_pixels, struct picture* out);

int png_decode(const uint8_t* data, size_t size, uint64_t max_pixels, struct picture* out);
int jpeg_decode(const uint8_t* data, size_t size, uint64_t max_pixels, struct picture* out);

/* 0, or ERR_BAD_PICTURE for a picture without pixels, or ERR_TOO_LARGE. */
int picture_check_size(uint64_t width, uint64_t height, uint64_t max_pixels);

/* Brightness of a colour, 0..255. */
static inline uint8_t luma(unsigned red, unsigned green, unsigned blue) {
  return (uint8_t)((77 * red + 150 * green + 29 * blue + 128) >> 8);
}

/* ---- features.c ---- */

/* Finds the digit and writes it, bright on dark, into the middle of a square of side x side. */
int features_extract(const struct picture* picture, uint32_t side, uint8_t* square);

/* ---- network.c ---- */

struct network;

/* Reads a weights file; *out is freed with network_free. */
int network_load(const char* path, struct network** out);
void network_free(struct network* network);
uint32_t network_side(const struct network* network);

/* What the network makes of a square: per class a whole number; the highest is the answer. */
void network_scores(const struct network* network, const uint8_t* square, int32_t scores[CLASSES]);

/* Classes in the order of their scores (the first of equals first), and their probabilities. */
struct ranking {
  int digit[CLASSES];
  double share[CLASSES];
};
void network_rank(const struct network* network, const int32_t scores[CLASSES],
                  struct ranking* ranking);

/* ---- answer.c ---- */

/* The output of one request: one item, in one block of memory that free() releases. */
pDataList answer_new(const struct ranking* ranking, int top);

/* ---- wrapper.c: what the ways of asking have in common ---- */

/* A request, taken apart. The bytes stay the host's. */
struct request {
  const char* tag;
  const uint8_t* data;
  size_t size;
  int top;
};

/* The node with the picture, or NULL. */
const struct DataList* request_picture(const struct DataList* list);

/* Reads the parameter top: 0, or ERR_BAD_PARAM. */
int request_top(const struct ParamList* params, int* top);

/* Recognises one picture and reports it to the meter; on success *out is the caller's to free(). */
int recognise(const struct request* request, pDataList* out);

/* ---- async.c ---- */

/* Answers what is queued with ERR_STOPPING, and returns when the worker thread has ended. */
void async_stop(void);

#endif /* DIGITS_ENGINE_H */
