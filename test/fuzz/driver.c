/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a fuzz target without libFuzzer: <program> <seconds> <corpus folder>. Replays the corpus, then feeds mutations
 * of it, always the same sequence, for so many seconds. The input that broke the target is left in <program>.crash.
 * Knows nothing of the target but its entry. */
#include <dirent.h>
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SEEDS_MAX 4096
#define INPUT_MAX 65536
#define INPUT_SECONDS 10 /* one that takes longer hangs */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

struct input
{
	uint8_t *data;
	size_t size;
};

static struct input seeds[SEEDS_MAX];
static size_t seed_count;
static struct input current; /* for the crash report */
static char crash_path[4096];

const char *__asan_default_options(void)
{
	return "handle_abort=1:detect_leaks=1";
}

static void crash_save(void)
{
	FILE *file = fopen(crash_path, "wb");

	if(!file)
		return;
	fwrite(current.data, 1, current.size, file);
	fclose(file);
	fprintf(stderr, "fuzz: the input is in %s\n", crash_path);
}

static void hang(int number)
{
	static const char text[] = "fuzz: an input takes more than 10 seconds\n";

	(void)number;
	if(write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(3);
	crash_save();
	_exit(2);
}

static uint32_t random_next(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32);
}

static size_t random_below(size_t limit)
{
	return limit ? random_next() % limit : 0;
}

/* A copy of exactly its size, so that the sanitizer sees one byte too many. */
static void run(const uint8_t *data, size_t size)
{
	current.data = malloc(size ? size : 1);
	current.size = size;
	if(!current.data)
		abort();
	memcpy(current.data, data, size);
	alarm(INPUT_SECONDS);
	LLVMFuzzerTestOneInput(current.data, size);
	free(current.data);
	current = (struct input){0};
}

static void seed_load(const char *folder, const char *name)
{
	static uint8_t buffer[INPUT_MAX];
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if(!file || seed_count == SEEDS_MAX) {
		fprintf(stderr, "fuzz: %s: %s\n", path, file ? "too many files, 4096 are allowed" : "cannot open");
		exit(1);
	}
	size_t size = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	struct input *seed = &seeds[seed_count++];
	seed->data = malloc(size ? size : 1);
	if(!seed->data)
		abort();
	memcpy(seed->data, buffer, size);
	seed->size = size;
}

static void seeds_load(const char *folder)
{
	struct dirent **names;
	int count = scandir(folder, &names, NULL, alphasort);

	for(int i = 0; i < count; i++) {
		if(names[i]->d_name[0] != '.')
			seed_load(folder, names[i]->d_name);
		free(names[i]);
	}
	if(count >= 0)
		free(names);
}

static size_t splice(uint8_t *data, size_t size, size_t at, const uint8_t *from, size_t length)
{
	if(length > INPUT_MAX - size)
		length = INPUT_MAX - size;
	memmove(data + at + length, data + at, size - at);
	memmove(data + at, from, length);
	return size + length;
}

static size_t mutate(uint8_t *data, size_t size)
{
	static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, '\n', '"', '{', '}', '[', ']', '*', '.', '\\', '0', '9', '$'};
	size_t at = random_below(size + 1), length = random_below(size - at + 1);
	uint8_t bytes[8];

	switch(random_below(6)) {
		case 0:
			if(at < size)
				data[at] ^= (uint8_t)(1u << random_below(8));
			return size;
		case 1:
			if(at < size)
				data[at] = odd[random_below(sizeof(odd))];
			return size;
		case 2: /* cut something out */
			memmove(data + at, data + at + length, size - at - length);
			return size - length;
		case 3: /* cut the end off */
			return at;
		case 4:
			for(size_t i = 0; i < sizeof(bytes); i++)
				bytes[i] = random_below(2) ? odd[random_below(sizeof(odd))] : (uint8_t)random_next();
			return splice(data, size, at, bytes, 1 + random_below(sizeof(bytes)));
		default: { /* a piece of another seed */
			const struct input *other = &seeds[random_below(seed_count)];
			size_t from = random_below(other->size + 1);
			return splice(data, size, at, other->data + from, random_below(other->size - from + 1));
		}
	}
}

int main(int argc, char **argv)
{
	static uint8_t data[INPUT_MAX];
	unsigned long runs = 0;

	if(argc != 3) {
		fprintf(stderr, "usage: %s <seconds> <corpus folder>\n", argv[0]);
		return 1;
	}
	snprintf(crash_path, sizeof(crash_path), "%s.crash", argv[0]);
	__sanitizer_set_death_callback(crash_save);
	signal(SIGALRM, hang);
	seeds_load(argv[2]);
	for(size_t i = 0; i < seed_count; i++, runs++)
		run(seeds[i].data, seeds[i].size);
	if(seed_count == 0) {
		seeds[0].data = malloc(1);
		seed_count = 1;
	}
	for(time_t end = time(NULL) + strtol(argv[1], NULL, 10); time(NULL) < end; runs++) {
		const struct input *seed = &seeds[random_below(seed_count)];
		size_t size = seed->size;
		memcpy(data, seed->data, size);
		for(size_t n = 1 + random_below(8); n > 0; n--)
			size = mutate(data, size);
		run(data, size);
	}
	alarm(0);
	for(size_t i = 0; i < seed_count; i++)
		free(seeds[i].data);
	printf("fuzz: %zu seeds, %lu inputs\n", seed_count, runs);
	return 0;
}
