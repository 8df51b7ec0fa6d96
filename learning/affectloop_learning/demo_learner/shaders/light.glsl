// A window to the upper left, the room, and a lamp behind.
const vec3 KEY = vec3(1.62, 1.52, 1.40);
const vec3 FILL = vec3(0.40, 0.44, 0.50);
const vec3 RIM = vec3(0.42, 0.42, 0.44);
const vec3 FILL_FROM = normalize(vec3(2.2, 0.3, 2.6));
const vec3 RIM_FROM = normalize(vec3(1.6, 1.8, -2.6));
const vec3 AMBIENT = vec3(0.36, 0.37, 0.39);
uniform vec3 key_from;
uniform vec3 eye;
uniform sampler2DShadow shadows;

vec3 in_shadows(vec4 in_light, float bias) { return in_light.xyz * 0.5 + vec3(0.5, 0.5, 0.5 - bias); }

float lit(vec4 in_light, float bias) { // soft: nine looks
    float sum = 0.0;
    for (int x = -1; x <= 1; x++)
        for (int y = -1; y <= 1; y++)
            sum += texture(shadows, in_shadows(in_light, bias) + vec3(vec2(x, y) * 0.0030, 0.0));
    return sum / 9.0;
}

vec3 shown(vec3 light) { // soft shoulder, then sRGB
    light = light / (1.0 + max(light - 0.75, 0.0) * 0.55);
    return pow(clamp(light, 0.0, 1.0), vec3(1.0 / 2.2));
}
