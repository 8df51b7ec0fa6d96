in vec3 world, surface, at;
in vec4 masks; // skin: lips, lids, mouth's inside, ears; lashes: along, outward
in vec2 ambient; // openness, how thick the hair grows
in vec4 in_light;
out vec4 colour;
uniform int kind;
uniform vec4 frowns; // how far forehead, brow, eyes and cheeks are drawn together
uniform vec3 gaze[2];      // where the right and the left eye look
uniform vec3 eye_centre[2];

const int SKIN = 0, EYE = 1, TEETH = 2, TONGUE = 3, SHIRT = 4, LASH = 5;

float random(vec3 p) {
    p = fract(p * 0.3183099 + 0.1);
    p *= 17.0;
    return fract(p.x * p.y * p.z * (p.x + p.y + p.z));
}

float noise(vec3 p) {
    vec3 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    return mix(mix(mix(random(i), random(i + vec3(1, 0, 0)), f.x), mix(random(i + vec3(0, 1, 0)), random(i + vec3(1, 1, 0)), f.x), f.y),
               mix(mix(random(i + vec3(0, 0, 1)), random(i + vec3(1, 0, 1)), f.x), mix(random(i + vec3(0, 1, 1)), random(i + 1.0), f.x), f.y),
               f.z) - 0.5;
}

float bell(float distance, float width) { return exp(-distance * distance / (width * width)); }

// Fine lines where the skin folds, as height.
float folds(vec3 p) {
    float x = abs(p.x), height = 0.0;
    for (int line = 0; line < 3; line++) {
        float y = 0.33 + 0.10 * float(line) + 0.02 * cos(p.x * 5.0);
        height -= frowns.x * bell(p.y - y, 0.012) * bell(p.x, 0.42) * 0.8;
    }
    height -= frowns.y * bell(x - 0.085, 0.016) * bell(p.y - 0.16, 0.09);
    float t = clamp((-0.25 - p.y) / 0.42, 0.0, 1.0);
    height -= frowns.w * bell(x - (0.17 + 0.16 * pow(t, 0.8) + 0.05 * t * t), 0.028) * bell(t - 0.5, 0.42) * step(0.0, p.z + 0.4);
    vec2 corner = vec2(x - 0.49, p.y + 0.01);
    float angle = atan(corner.y, corner.x);
    for (int line = -1; line < 2; line++)
        height -= 0.5 * frowns.z * bell((angle - 0.35 * float(line)) * length(corner), 0.012) * bell(length(corner) - 0.12, 0.06) * step(0.0, corner.x);
    return height;
}

vec3 skin_colour(vec3 p) {
    float x = abs(p.x);
    vec3 tone = vec3(0.56, 0.335, 0.232);
    float mottle = 0.5 * noise(p * 3.0) + 0.35 * noise(p * 11.0) + 0.22 * noise(p * 42.0);
    tone *= 1.0 + 0.11 * mottle;
    float red = 0.75 * bell(length(vec2(x - 0.43, p.y + 0.33)), 0.26) * smoothstep(-0.7, 0.0, p.z)
              + 0.55 * bell(length(vec2(p.x, p.y + 0.32)), 0.14) * smoothstep(0.1, 0.35, p.z) + 0.5 * masks.w
              + 0.25 * bell(length(vec2(p.x, p.y + 0.86)), 0.14);
    tone *= 1.0 + red * vec3(0.10, -0.12, -0.12);
    tone *= 1.0 - 0.13 * bell(length(vec2((x - 0.31) * 0.75, p.y + 0.14)), 0.07) * vec3(0.7, 1.0, 0.8);
    tone *= 1.0 - 0.10 * masks.y * vec3(0.7, 1.0, 1.0);
        vec3 lip = vec3(0.42, 0.180, 0.150) * (1.0 + 0.12 * noise(vec3(p.x * 45.0, p.y * 9.0, p.z * 9.0)));
    tone = mix(tone, lip, 0.72 * smoothstep(0.25, 0.85, masks.x));
    return mix(tone, vec3(0.20, 0.055, 0.05), smoothstep(0.3, 0.8, masks.z));
}

vec3 bumped(vec3 normal, float height) {
    vec3 across = dFdx(world), up = dFdy(world);
    vec3 first = cross(up, normal), second = cross(normal, across);
    float area = dot(across, first);
    return normalize(abs(area) * normal - sign(area) * (dFdx(height) * first + dFdy(height) * second));
}

float glint(vec3 normal, vec3 from, vec3 view, float roughness) {
    float facing = max(dot(normal, normalize(from + view)), 0.0), a = roughness * roughness;
    float d = facing * facing * (a * a - 1.0) + 1.0;
    return a * a / (3.14159 * d * d) * max(dot(normal, from), 0.0);
}

vec3 diffuse(vec3 normal, float key, vec3 wrap, float open) {
    vec3 light = AMBIENT * (0.78 + 0.22 * normal.y) * open;
    vec3 soft = (1.0 + wrap) * (1.0 + wrap);
    light += KEY * clamp((vec3(dot(normal, key_from)) + wrap) / soft, 0.0, 1.0) * mix(vec3(key), vec3(1.0), 0.25 * wrap);
    light += FILL * clamp((vec3(dot(normal, FILL_FROM)) + wrap) / soft, 0.0, 1.0) * mix(1.0, open, 0.7);
    light += RIM * clamp((vec3(dot(normal, RIM_FROM)) + 0.5 * wrap) / soft, 0.0, 1.0) * open;
    return light;
}

vec3 eyeball(vec3 view, float key, float open) {
    int which = at.x < 0.0 ? 0 : 1;
    vec3 out_of = normalize(at - eye_centre[which]);
    vec3 axis = normalize(gaze[which]);
    float angle = acos(clamp(dot(out_of, axis), -1.0, 1.0));
    vec3 side = normalize(cross(axis, vec3(0, 1, 0))), top = cross(side, axis);
    float around = atan(dot(out_of, top), dot(out_of, side));
    vec3 white = vec3(0.66, 0.60, 0.565) * (1.0 - 0.06 * smoothstep(0.7, 1.2, angle));
    white *= 1.0 - vec3(0.03, 0.10, 0.09) * smoothstep(0.38, 0.48, noise(vec3(around * 9.0, angle * 5.0, 3.0)) + 0.4 * smoothstep(0.7, 1.3, angle));
    float rays = noise(vec3(cos(around) * 9.0, sin(around) * 9.0, angle * 4.0)) + 0.5 * noise(vec3(cos(around) * 21.0, sin(around) * 21.0, 1.0));
    vec3 iris = vec3(0.115, 0.060, 0.028) * (1.0 + 0.7 * rays) * (0.75 + 0.8 * bell(angle - 0.26, 0.12));
    float rim = 0.475;
    iris *= 1.0 - 0.65 * smoothstep(rim - 0.10, rim, angle);
    vec3 ball = mix(iris, white, smoothstep(rim - 0.02, rim + 0.045, angle));
    ball *= smoothstep(0.165, 0.20, angle) * 0.98 + 0.02;
    vec3 normal = normalize(surface);
    float lid = 1.0 - 0.62 * smoothstep(0.10, 0.72, dot(out_of, vec3(0, 1, 0))) - 0.25 * smoothstep(0.25, 0.9, -dot(out_of, vec3(0, 1, 0)));
    vec3 light = ball * diffuse(normal, mix(key, 1.0, 0.35), vec3(0.25), open) * lid;
    vec3 bulge = normalize(mix(normal, normalize(normal + 0.55 * (normal - gaze[which] * dot(normal, gaze[which]))), bell(angle, 0.5)));
    light += 0.030 * glint(bulge, normalize(vec3(-0.45, 0.62, 1.0)), view, 0.11) + 0.006 * glint(bulge, normalize(vec3(0.5, 0.25, 1.0)), view, 0.16);
    return light;
}

vec3 shirt(vec3 view, float key, float open) {
    float edge = -1.27 - 0.42 * (at.z + 0.75) - at.y; // how far below the neckline
    if (edge < 0.0) discard;
    float band = 1.0 - smoothstep(0.125, 0.135, edge);
    float ribs = 0.5 + 0.5 * cos(atan(at.x, at.z + 0.9) * 130.0);
    vec3 cloth = vec3(0.060, 0.135, 0.165) * (1.0 + 0.25 * noise(at * 6.0) + 0.35 * noise(at * 70.0));
    cloth *= 1.0 - band * (0.20 + 0.30 * ribs) - 0.45 * bell(edge - 0.145, 0.012) - 0.3 * bell(edge, 0.02);
    vec3 normal = bumped(normalize(surface), 0.05 * noise(at * vec3(2.2, 1.1, 2.2) + 4.0) + 0.012 * band);
    return cloth * diffuse(normal, key, vec3(0.12), open);
}

void main() {
    vec3 view = normalize(eye - world), normal = normalize(surface);
    float key = lit(in_light, 0.0030);
    float open = ambient.x;
    if (kind == SKIN) {
        float height = 0.030 * folds(at) + 0.0012 * noise(at * 60.0) + 0.0005 * noise(at * 25.0);
        normal = bumped(normal, height);
        float mouth = smoothstep(0.3, 0.8, masks.z);
        vec3 tone = mix(skin_colour(at), vec3(0.055, 0.032, 0.022), 0.85 * smoothstep(0.3, 1.0, ambient.y)) * (1.0 + 3.0 * folds(at) * vec3(0.10, 0.14, 0.14));
        vec3 light = tone * diffuse(normal, key, vec3(0.42, 0.20, 0.13), mix(open, open * 0.45, mouth)) * mix(1.0, 0.35, mouth);
        float wet = smoothstep(0.3, 0.9, masks.x);
        float rough = mix(0.50, 0.38, wet), strength = mix(0.024, 0.022, wet) * open * (1.0 - mouth);
        light += strength * (KEY * key * glint(normal, key_from, view, rough) + FILL * glint(normal, FILL_FROM, view, rough) + RIM * glint(normal, RIM_FROM, view, 0.45));
        float grazing = pow(1.0 - max(dot(normal, view), 0.0), 4.0);
        light += 0.05 * grazing * open * vec3(0.9, 0.85, 0.8);
        colour = vec4(shown(light), 1.0);
    } else if (kind == EYE) {
        colour = vec4(shown(eyeball(view, key, open)), 1.0);
    } else if (kind == TEETH) {
        float depth = smoothstep(-0.35, 0.20, at.z);
        vec3 enamel = vec3(0.62, 0.575, 0.50) * (1.0 - 0.35 * bell(fract(at.x * 7.2 + 0.5) - 0.5, 0.05));
        colour = vec4(shown(enamel * diffuse(normal, key, vec3(0.3), open) * depth * 0.62), 1.0);
    } else if (kind == TONGUE) {
        colour = vec4(shown(vec3(0.34, 0.12, 0.11) * diffuse(normal, key, vec3(0.3), open) * 0.55), 1.0);
    } else if (kind == SHIRT) {
        colour = vec4(shown(shirt(view, key, open)), 1.0);
    } else {
        float single = 0.5 + 0.5 * cos(masks.x * 150.0);
        float thick = 0.9 * (1.0 - smoothstep(0.40, 0.85, masks.y)) * mix(1.0, single, smoothstep(0.35, 0.75, masks.y));
        colour = vec4(shown(vec3(0.016, 0.011, 0.009)), thick * smoothstep(0.0, 0.12, masks.x) * smoothstep(1.0, 0.88, masks.x));
    }
}
